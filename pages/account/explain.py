"""Why is my balance what it is?"""

from creditbook.installation import installation
from creditbook.ui import explaining, page
from creditbook.ui.session import require

who = require()
page.header("Explain", "Why is my balance what it is?")
explaining.show(who, installation().clock())
