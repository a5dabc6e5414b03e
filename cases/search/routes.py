"""The search page: one box over everything the reader's communities ever wrote."""

from uuid import UUID

from quart import Blueprint, ResponseReturnValue, render_template, request

from cases.answers import steady
from cases.ids import CommunityId
from cases.search.archive import Archive
from cases.search.finding import NOTHING, Results, search
from cases.search.harvest import DescribeStudies
from cases.search.reading import BadSearch
from cases.vocabulary import MODALITIES, REGIONS
from portal import accounts
from portal.core.errors import reading
from portal.core.web import explain, signed_in


def create_blueprint(archive: Archive, describe: DescribeStudies) -> Blueprint:
    """The search page over *archive*; *describe* gives what images say in words."""
    blueprint = Blueprint("search", __name__)

    @blueprint.get("/search")
    async def form() -> ResponseReturnValue:
        if signed_in().kind != "professional":
            return await render_template("cases/for_professionals.html")
        await accounts.must_be_confirmed(signed_in())
        archive.warm()
        return await _page("", "", NOTHING, "")

    # By POST: what a person looks for is nobody's business, and addresses end up in logs.
    @blueprint.post("/search")
    @steady
    async def find() -> ResponseReturnValue:
        actor, sent = signed_in(), await request.form
        text = f"{sent.get('q', '')} {sent.get('add', '')}".strip()
        with reading():
            page = int(sent.get("page", "1"))
            only = sent.get("in", "")
            community = CommunityId(UUID(only)) if only else None
        try:
            results = await search(actor, archive, describe, text, community=community, page=page)
        except BadSearch as error:
            return await _page(text, only, NOTHING, explain(error))
        return await _page(text, only, results, "")

    return blueprint


async def _page(text: str, only: str, results: Results, problem: str) -> str:
    """The whole page, or only the results when the page's script asks for them."""
    part = "cases/_results.html" if request.headers.get("X-HDS-Part") else "cases/search.html"
    return await render_template(
        part,
        q=text,
        only=only,
        problem=problem,
        results=results,
        modalities=MODALITIES,
        regions=REGIONS,
    )
