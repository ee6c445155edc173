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
WALLETS_NAMES = (
    "Olivia Grant", "Liam Foster", "Emma Brooks", "Noah Bennett", "Ava Coleman", "Mason Reyes", "Sophia Hayes",
    "Lucas Ward", "Isabella Price", "Ethan Ramos", "Mia Sullivan", "Logan Pierce", "Chloe Bryant", "Owen Fisher",
)  # fmt: skip
CREDITS_NAMES = (
    "Jonas Weber", "Lena Hoffmann", "Felix Krause", "Clara Schuster", "Moritz Baumann", "Greta Lindner",
    "Anton Richter", "Ida Vogel", "Paul Seidel", "Frieda Brandt", "Emil Kuhn", "Johanna Albrecht", "Oskar Franke",
    "Helene Roth",
)  # fmt: skip
TEAMS_NAMES = (
    "Amelia Clarke", "Harry Dawson", "Poppy Whitfield", "George Ellison", "Freya Barlow", "Oscar Hartley",
    "Isla Kemp", "Theo Marsden", "Daisy Holt", "Alfie Crane", "Ruby Sheldon", "Finley Archer", "Evie Stanton",
    "Jude Lockwood",
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


REPOSITORIES = (
    "billing-service", "parcel-tracker", "invoice-pdf", "search-index", "auth-gateway", "map-tiles", "seat-planner",
    "mail-queue", "price-feed", "sensor-hub", "form-builder", "image-proxy", "time-sheets", "rail-timetable",
)  # fmt: skip
GOALS = (
    "Spring campaign", "Dealer network", "Renewals in the north", "Trade fair follow-up", "New price list",
    "Partner programme", "Winter range", "Key accounts", "Web shop relaunch", "Service contracts",
)  # fmt: skip


def studio_people(users: int) -> tuple[Person, ...]:
    """An administrator who runs the installation, finance, and as many users; the first is the busiest by far."""
    plans = ("pro", "free", "basic", "free", "free", "basic", "free", "free", "pro", "free")
    heads = (
        Person("meera", "Meera Krishnan", "admin", is_operator=True, weight=0.03),
        Person("farhan", "Farhan Qureshi", "finance", weight=0.02),
    )
    return heads + _users(STUDIO_NAMES, users, 0.3, plans, "Asia/Dubai", 6)


def daily_people(users: int) -> tuple[Person, ...]:
    """An administrator, finance and as many users, all on the one free plan."""
    heads = (
        Person("somchai", "Somchai Wattana", "admin", weight=0.03),
        Person("ploy", "Ploy Siriporn", "finance", weight=0.02),
    )
    return heads + _users(DAILY_NAMES, users, 0.25, ("free",), "Asia/Tokyo", 5)


def wallets_people(users: int) -> tuple[Person, ...]:
    """An administrator, finance and as many users, all on the one free plan."""
    heads = (
        Person("grace", "Grace Holloway", "admin", weight=0.03),
        Person("victor", "Victor Lane", "finance", weight=0.02),
    )
    return heads + _users(WALLETS_NAMES, users, 0.25, ("free",), "America/Los_Angeles", 4)


def credits_people(users: int) -> tuple[Person, ...]:
    """An administrator, finance and users in every state that a subscription has."""
    plans = ("pro", "free", "cancelling", "free", "enterprise", "free", "past_due", "lapsed", "pro", "free")
    heads = (
        Person("katrin", "Katrin Ziegler", "admin", weight=0.03),
        Person("stefan", "Stefan Pohl", "finance", weight=0.02),
    )
    return heads + _users(CREDITS_NAMES, users, 0.2, plans, "Europe/London", 6)


def teams_people(users: int) -> tuple[Person, ...]:
    """An administrator, finance and the members of one pool."""
    heads = (
        Person("imogen", "Imogen Fairfax", "admin", weight=0.05),
        Person("rupert", "Rupert Sinclair", "finance", weight=0.02),
    )
    return heads + _users(TEAMS_NAMES, users, 0.22, ("",), "Europe/Lisbon", 7)


def _users(
    names: tuple[str, ...], users: int, busiest: float, plans: tuple[str, ...], elsewhere: str, ninth: int
) -> tuple[Person, ...]:
    """As many users; every ninth lives in a time zone of her own."""
    shares = weights(users, busiest)
    return tuple(
        Person(
            user_name, name, "user",
            plan=plans[place % len(plans)],
            zone=elsewhere if place % 9 == ninth else None,
            weight=shares[place],
        )
        for place, (user_name, name) in enumerate(_called(names, users))
    )  # fmt: skip


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
