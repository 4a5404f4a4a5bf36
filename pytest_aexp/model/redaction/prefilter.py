"""Cheap prefilters: False if a text cannot hold a path or a credential, as most entries cannot."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property

from pytest_aexp.ground import schema
from pytest_aexp.model.redaction.secret_keys import SERVICES

REDACTED = "<redacted>"
"""What stands where a value, or a key, was taken out."""


class QuickSearch:
    """A search for signs without which a text need not be searched more closely.

    Its pattern is compiled when there is something to search. It has no look-around, ``\\s`` or
    ``\\w``: the two engines that may read it must agree.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __call__(self, text: str) -> bool:
        """Whether the text has one of the signs, or may have one."""
        try:
            return bool(self._search(text))
        except ValueError:  # it refuses lone surrogates, which are rare enough
            return True

    @cached_property
    def _search(self) -> Callable[[str], object]:
        return schema.pattern_search(self.pattern)


# In lower case, signs and parts of the keys and tokens that secret_keys, secret_patterns and
# absolute_paths look for. `yj` to `w0k` stand for `eyJ` to `ew0K`, with which base64 of a JSON
# object begins. No look-around, `\s` or `\w`: the two engines that may read them must agree.
_STEMS = (
    r"[\\~@=%] key tok cred cret pass pw auth login signature bearer okie hooks[./] pat_ pat- hf_ "
    "xox xai- xapp- npm_ pplx- gsk_ pcsk_ r8_ ya29[.] sg[.] hv[sb][.] gocspx- pypi- gh[pousr]_ "
    "nvapi- dapi do[opr]_v1_ 1//0 age-secret akia asia aiza ltai yj yai wog woj w0k :aa :/+file "
    "vscode gl[a-z]{1,5}t- q~ -user -proxy (?:^|[^a-z0-9_-])-[upaw] (?:^|[^a-z0-9])[sr]k[-_]"
).split()
PREFIXES = (
    "wandb_v1_ lsv2_[ps][tk]_ sk-lf- tgp_v1_ csk-[A-Za-z0-9]{12} tvly- jina_[0-9a-f]{8} "
    "rpa_[A-Z0-9]{12} KGAT_ api_org_ dckr_oat_ ntn_[A-Za-z0-9]{12} lin_api_ whsec_ "
    "pn[ub]_[A-Za-z0-9]{12} tskey-(?:auth|api|client)- glsa_[A-Za-z0-9]{12} sbp_[0-9a-f]{12} "
    "shp(?:at|ca|pa|ss)_ figd_ pscale_tkn_ rubygems_ CLOJARS_ hcaik_ NRAK- PMAK- ATATT3x ATBB "
    "sntry[su]_ dose[0-9a-f]{12} HRKU- pul-[0-9a-f]{12} dp[.](?:pt|ct|sa|scim|audit)[.] "
    "dp[.]st[.](?:[A-Za-z0-9_-]{1,40}[.])? [A-Za-z0-9]{14}[.]atlasv1[.] fm[12][ar]?_lJPE "
    "fo1_[A-Za-z0-9-]{12} glc_eyJ secret_[A-Za-z0-9]{20} duffel_(?:test|live)_ GR1348941 "
    # Asana, and Discord, where base64 of a number comes first
    "[12]/[0-9]{12,20}(?:/[0-9]{12,20})?:[0-9a-f]{12} "
    "[MNO][DTjz][A-Za-z0-9]{22,26}[.][A-Za-z0-9_-]{6}[.]"
).split()
"""How keys of services begin, after which any 20 signs follow, a digit among them."""

# Between a service and its key stands what is not printed, or one of "':=,[ and blanks.
_OF_SERVICES = rf"(?:{'|'.join(sorted(SERVICES))})[^!#-&(-+\--9;<>-Z\\-~]+[^\"' \n]{{20}}"
# `{"name": "wandb", "value": …}`, in either order.
_NAMED = rf"(?:name|variable|var|field)\"[^a-z0-9]+(?:{'|'.join(sorted(SERVICES))})\""
# A slash within a word or in `scheme://host` cannot start a path, except behind an option.
_SLASHES = (
    r"(?:^|[^a-z0-9_.*:/-])/ (?:^|-)[a-z0-9_.*-]/ (?:^|[^:])// :/(?:[^/]|/?$|//) "
    "(?:^|[^a-z0-9])[a-z0-9]?:// file:/"
).split()
_SIGNS = "|".join((*_STEMS, *map(str.lower, PREFIXES), _OF_SERVICES, _NAMED, *_SLASHES))


@cache
def leak_search() -> QuickSearch:
    """The search for the signs."""
    return QuickSearch(_SIGNS)


def may_leak(text: str) -> bool:
    """Tell in microseconds whether `text`, plain or JSON as written, is worth a search for leaks.

    False only if `leaks` of it is certainly empty.
    """
    return leak_search()(text.lower())
