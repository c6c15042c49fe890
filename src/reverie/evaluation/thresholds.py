"""The bounds from which verdicts follow; every one is here, and each rule that uses one quotes it to the
user.

Errors are in per cent, above the real-against-real floor; AUCs and shares are in [0, 1].
"""

# Faithful: all hold for "faithful"; all of the second column for "mostly faithful"; else "not faithful".
# Where the floor of shape or trend is itself larger than the bound, chance is larger than it, and the floor
# takes its place.
SHAPE = (1.0, 5.0)
TREND = (2.0, 8.0)
C2ST = (0.60, 0.80)
VALIDITY = (99.9, 95.0)

# Useful: what models lose in AUC or R2; known to PRECISION, or nothing is said.
LOSS = (0.02, 0.10)
PRECISION = 0.05

# Private. Shares of synthetic rows nearer to a training row than to an unseen one; .5 is no copying. The
# first bound calls for conditions and the second forbids release, each at the lower end of the interval, so
# that chance does neither; and release needs the interval of the first share to end below the second bound.
NEARER = (0.52, 0.55)
NEARER_CLOSEST = (0.55, 0.65)
# Exact copies, in per cent of the rows above the holdout's own rate.
COPIES = (0.0, 1.0)

# Attacks. How much oftener one succeeds on a training row than on an unseen one, and the AUC of telling
# whether a row was learned from; each at the lower end of its interval,
# widened to hold for the worst of all attacks, so that chance decides nothing.
RISK = (0.02, 0.10)
MEMBERSHIP = (0.52, 0.60)
