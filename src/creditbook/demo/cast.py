"""Who works in the sample organizations, and on what."""

from __future__ import annotations

from itertools import count

from .acts import Person
from .rhythm import weights

STUDIO_NAMES = (
    "Asha Nair", "Rohan Mehta", "Priya Iyer", "Vikram Rao", "Ananya Das", "Kabir Khan", "Diya Sharma", "Arjun Pillai",
    "Sneha Kulkarni", "Imran Shaikh", "Tara Bose", "Nikhil Joshi", "Lakshmi Menon", "Dev Patel", "Zoya Siddiqui",
    "Harsh Vardhan", "Mira Sen", "Yash Gupta", "Ritu Saxena", "Omkar Desai", "Leela Thomas", "Sameer Ali",
)  # fmt: skip
DAILY_NAMES = (
    "Niran Suksawat", "Malee Chaiyo", "Anong Rattana", "Kiet Wong", "Dara Srisai", "Pim Thongdee", "Chai Boonmee",
    "Suda Kaew", "Arun Phrom", "Lalin Saetang", "Mek Intara", "Nok Jaidee", "Prasert Yim", "Ratree Duang",
    "Somsri Klin", "Tawan Meechai", "Ubon Prasit", "Wan Jaroen",
)  # fmt: skip

PROJECTS = (
    "Library desk", "Crop disease finder", "Hostel mess feedback", "Bus pass kiosk", "Campus lost and found",
    "Blood bank locator", "Attendance by face", "Water meter reader", "Clinic queue", "Used-book exchange",
    "Noise map of Pune", "Sign language tutor", "Rainfall dashboard", "Canteen pre-order", "Placement tracker",
    "Street light watch", "Soil test report", "Yoga posture coach", "Local train planner", "Waste sorting guide",
    "Exam seating plan", "Pharmacy stock watch", "Ration shop ledger", "Alumni mentoring", "Parking at the stadium",
    "Tiffin route planner", "Museum audio guide", "Kabaddi score app", "Power cut diary", "Second-hand cycle mart",
)  # fmt: skip
SITES = (
    "Baan Krua kitchen", "Chiang Mai cycle tours", "Nimman coffee roasters", "Lotus dental", "Andaman dive log",
    "Silk & thread", "Muay Thai morning", "Old Town guesthouse", "Mango season", "Doi hikes", "Rattan workshop",
    "Saphan Taksin ferry", "Sala yoga", "Moo Deng fan page", "Krabi climbing", "Tuk-tuk repair", "Orchid nursery",
    "Jasmine florist", "Isan food truck", "Bangkok by night bus",
)  # fmt: skip


def studio_people(users: int) -> tuple[Person, ...]:
    """An administrator who runs the installation, finance, and as many users; the first is the busiest by far."""
    shares = weights(users, 0.3)
    plans = ("pro", "free", "basic", "free", "free", "basic", "free", "free", "pro", "free")
    return (
        Person("meera", "Meera Krishnan", "admin", is_operator=True, weight=0.03),
        Person("farhan", "Farhan Qureshi", "finance", weight=0.02),
        *(
            Person(
                user_name, name, "user",
                plan=plans[place % len(plans)],
                zone="Asia/Dubai" if place % 9 == 6 else None,
                weight=shares[place],
            )
            for place, (user_name, name) in enumerate(_called(STUDIO_NAMES, users))
        ),
    )  # fmt: skip


def daily_people(users: int) -> tuple[Person, ...]:
    """An administrator, finance and as many users, all on the one free plan."""
    shares = weights(users, 0.25)
    return (
        Person("somchai", "Somchai Wattana", "admin", weight=0.03),
        Person("ploy", "Ploy Siriporn", "finance", weight=0.02),
        *(
            Person(user_name, name, "user", zone="Asia/Tokyo" if place % 8 == 5 else None, weight=shares[place])
            for place, (user_name, name) in enumerate(_called(DAILY_NAMES, users))
        ),
    )


def _called(names: tuple[str, ...], users: int) -> list[tuple[str, str]]:
    """User names and names; beyond the list a number makes them one more."""
    found: list[tuple[str, str]] = []
    for number in count():
        if len(found) == users:
            return found
        name, lap = names[number % len(names)], number // len(names)
        user_name = name.split()[0].lower() + (str(lap + 1) if lap else "")
        found.append((user_name, f"{name} {lap + 1}" if lap else name))
    raise AssertionError("counting never ends")
