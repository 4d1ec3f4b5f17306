"""Distances on the ground. Metres and WGS 84 degrees; good to 1 % over 100 km. Pure."""

from math import asin, cos, radians, sin, sqrt

EARTH_M = 6_371_000.0
DEGREE_M = 111_195.0
"""Metres in a degree of latitude."""


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres between two points (haversine)."""
    p1, p2 = radians(lat1), radians(lat2)
    a = sin((p2 - p1) / 2) ** 2 + cos(p1) * cos(p2) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(a)))


def lon_scale(lat: float) -> float:
    """How much shorter a degree of longitude is at this latitude (never 0)."""
    return max(0.01, cos(radians(lat)))
