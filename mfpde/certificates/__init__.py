"""How far a measure is from the best possible, with proof: lower bounds of E* from the convexity of E.

For every p and every probability measure on the domain of theta,
E >= 2 inf_theta (<p, Phi(theta)> + r(theta)) - 2 sum_l weight_l l*(p_l; y_l),
by Fenchel's inequality; p = l'(f_mu) gives the Frank-Wolfe gap 2 (int V dmu - inf V) of mu (Jaggi, ICML 2013;
docs/global_convergence.md has the proof). `oracle` finds the infimum, `dual` the best multiple of p.
"""
