"""All pages of the console and the forms that they send, in the order of the navigation."""

from mercato.core.roles import Permission
from mercato.web.console.asked import ROOT, Entry, Form
from mercato.web.console.pages.account import PATH as ACCOUNT
from mercato.web.console.pages.account import AccountPage, account, change_password
from mercato.web.console.pages.audience import PATH as AUDIENCE
from mercato.web.console.pages.audience import AudiencePage, audience
from mercato.web.console.pages.catalogue import PATH as CATALOGUE
from mercato.web.console.pages.catalogue import CataloguePage, catalogue
from mercato.web.console.pages.data import PATH as DATA
from mercato.web.console.pages.data import DataPage, data
from mercato.web.console.pages.experiments import PATH as EXPERIMENTS
from mercato.web.console.pages.experiments import (
    ExperimentsPage,
    begin,
    conclude,
    experiments,
    widen_it,
)
from mercato.web.console.pages.gallery import Gallery, gallery_of
from mercato.web.console.pages.one_shopper import PATH as ONE_SHOPPER
from mercato.web.console.pages.one_shopper import OneShopperPage, shopper
from mercato.web.console.pages.people import PATH as PEOPLE
from mercato.web.console.pages.people import (
    PeoplePage,
    add,
    change_role,
    link,
    people,
    remove,
)
from mercato.web.console.pages.privacy import PATH as PRIVACY
from mercato.web.console.pages.privacy import PrivacyPage, erase, privacy
from mercato.web.console.pages.quarantine import PATH as QUARANTINE
from mercato.web.console.pages.quarantine import QuarantinePage, mend, quarantine
from mercato.web.console.pages.queries import PATH as QUERIES
from mercato.web.console.pages.queries import QueriesPage, queries
from mercato.web.console.pages.releases import PATH as RELEASES
from mercato.web.console.pages.releases import (
    ReleasesPage,
    go_back,
    models,
    publish_release,
    try_release,
)
from mercato.web.console.pages.rule import RulePage, rule, save
from mercato.web.console.pages.rules import EDIT, RulesPage, delete, rules, switch
from mercato.web.console.pages.rules import PATH as RULES
from mercato.web.console.pages.search import PATH as SEARCH
from mercato.web.console.pages.search import SearchPage, give_grade, search_lab
from mercato.web.console.pages.settings import PATH as SETTINGS
from mercato.web.console.pages.settings import (
    SettingsPage,
    change_key,
    end_key,
    make_key,
    settings,
)
from mercato.web.console.pages.shelves import PATH as SHELVES
from mercato.web.console.pages.shelves import ShelvesPage, shelf_lab
from mercato.web.console.pages.today import PATH as TODAY
from mercato.web.console.pages.today import TodayPage, today
from mercato.web.console.pages.why import WhyPage, mean, pin, why

_RULE = "priority=0&enabled=1&match=exact&queries=milk&type0=bury&target0=price:0..1&number0=0.5"

_PAGES = (
    (Entry("today", TODAY, today), TodayPage),
    (Entry("search", SEARCH, search_lab, example="q=milk"), SearchPage),
    (
        Entry("why", f"{SEARCH}/why", why, in_nav=False, example="q=milk&item=1"),
        WhyPage,
    ),
    (Entry("queries", QUERIES, queries, example="list=empty"), QueriesPage),
    (Entry("shelves", SHELVES, shelf_lab), ShelvesPage),
    (Entry("rules", RULES, rules), RulesPage),
    (Entry("releases", RELEASES, models), ReleasesPage),
    (Entry("experiments", EXPERIMENTS, experiments), ExperimentsPage),
    (Entry("audience", AUDIENCE, audience), AudiencePage),
    (
        Entry(
            "one_shopper",
            ONE_SHOPPER,
            shopper,
            Permission.SHOPPERS,
            in_nav=False,
            example="user_id=1",
        ),
        OneShopperPage,
    ),
    (Entry("catalogue", CATALOGUE, catalogue), CataloguePage),
    (
        Entry("quarantine", QUARANTINE, quarantine, Permission.ITEMS, in_nav=False),
        QuarantinePage,
    ),
    (Entry("data", DATA, data), DataPage),
    (Entry("privacy", PRIVACY, privacy, Permission.AUDIT), PrivacyPage),
    (Entry("rule", EDIT, rule, in_nav=False, example=_RULE), RulePage),
    (Entry("settings", SETTINGS, settings), SettingsPage),
    (Entry("people", PEOPLE, people, Permission.MANAGE), PeoplePage),
    (Entry("account", ACCOUNT, account, in_nav=False), AccountPage),
)

_SHOWN = tuple(entry for entry, _ in _PAGES)
_CONTEXTS = {entry.name: context for entry, context in _PAGES} | {"gallery": Gallery}
_GALLERY = Entry("gallery", f"{ROOT}/gallery", gallery_of(_SHOWN, _CONTEXTS))

ENTRIES: tuple[Entry, ...] = (*_SHOWN, _GALLERY)

FORMS: tuple[Form, ...] = (
    Form(f"{SEARCH}/judge", give_grade, Permission.JUDGE),
    Form(f"{SEARCH}/pin", pin, Permission.RULES),
    Form(f"{ROOT}/synonyms", mean, Permission.RULES),
    Form(f"{QUARANTINE}/mend", mend, Permission.ITEMS),
    Form(f"{PRIVACY}/erase", erase, Permission.ERASE),
    Form(f"{EXPERIMENTS}/begin", begin, Permission.EXPERIMENTS),
    Form(f"{EXPERIMENTS}/end", conclude, Permission.EXPERIMENTS),
    Form(f"{EXPERIMENTS}/widen", widen_it, Permission.EXPERIMENTS),
    Form(f"{RELEASES}/publish", publish_release, Permission.RELEASES),
    Form(f"{RELEASES}/try", try_release, Permission.EXPERIMENTS),
    Form(f"{RELEASES}/rollback", go_back, Permission.RELEASES),
    Form(f"{RULES}/save", save, Permission.RULES),
    Form(f"{RULES}/switch", switch, Permission.RULES),
    Form(f"{RULES}/delete", delete, Permission.RULES),
    Form(f"{SETTINGS}/make-key", make_key, Permission.MANAGE),
    Form(f"{SETTINGS}/change-key", change_key, Permission.MANAGE),
    Form(f"{SETTINGS}/end-key", end_key, Permission.MANAGE),
    Form(f"{PEOPLE}/add", add, Permission.MANAGE),
    Form(f"{PEOPLE}/link", link, Permission.MANAGE),
    Form(f"{PEOPLE}/role", change_role, Permission.MANAGE),
    Form(f"{PEOPLE}/remove", remove, Permission.MANAGE),
    Form(f"{ACCOUNT}/password", change_password, Permission.LOOK),
)
