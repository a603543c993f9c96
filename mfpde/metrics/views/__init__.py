"""What the sides of a run show to metrics at one time. What several metrics need is found once, when the
first of them asks.
"""
