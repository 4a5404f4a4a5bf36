"""Absolute paths, wherever a text holds one."""

from __future__ import annotations

import re

from pytest_aexp.model.redaction.prefilter import QuickSearch

# What a path cannot follow: also the signs of units and currencies, and U+0300-10FF, scripts
# whose marks are no \w though they stand inside words.
_INSIDE = r"\w.*~+%$)\]}>?#/\\\xa2-\xa5\xb0\u0300-\u10ff\u2030-\u2037\u20a0-\u20cf-"
_NAME = r"(?:\w|[.~@]\w|\.\.?/|\$[\w{]|\{[\w.-]{1,64},|[^\x00-\x7f])"
# `</s>`, `<|/im|>`, `[/INST]`, the optional group of a pattern `(/x)?`, the mark `7 /10`,
# what MLflow names, `yes /no`, a face before the name of what it stands for.
_NOT_A_PATH = (
    r"(?!(?<=</)[\w:.-]{1,64}>|(?<=\|/)[\w:.-]{1,64}\|>|(?<=\[/)[A-Z]+\]"
    r"|(?<=\(/)[\w.-]{1,64}\)[?*+]|[\d.]++(?![\w/])"
    r"|(?<=mlflow-artifacts:/)|(?<=runs:/)[0-9a-f]{32}(?![\w.-])"
    r"|(?<=models:/)[\w.-]{1,64}(?:/(?:\d+|latest|Staging|Production)|@\w+)(?![\w/.-])"
    r"|(?<= /)(?:no|not|off|or|false)(?![\w/.-])"
    # `and/or /x`
    r"|(?:(?<=[ /]or /)|(?<= and /))[A-Za-z](?![\w/.-])"
    r"|(?<=[\U0001f600-\U0001f64f\U0001f910-\U0001f92f]/)[\w.-]{1,64}(?![\w/.-]))"
)
# `/(tmp)/home/joe`; `/(a|b)/g` is a pattern.
_ODD_NAME = r"[+(=!,;&^-][^\s/]{0,64}/\w[\w.-]{1,64}/[\w.]"
# Text, compiled when there is something to search.
_POSIX = (
    rf"/(?:(?<![{_INSIDE}]/)(?<!\[\^/)(?<![)}}][\"']/)(?!(?<=[A-Za-z0-9]:/)/)"
    rf"{_NOT_A_PATH}/*+(?:{_NAME}|{_ODD_NAME})|(?<=-[A-Zo]/)(?<![\w-]-[A-Zo]/){_NAME})"
)
_AFTER_ANGLE = re.compile(rf">/{_NAME}")
_PLACE_HOLDER = re.compile(r"<[^<>]{1,64}>")
# Each begins with the one sign that it needs, which the engine finds some fifty times as fast as a
# place that some signs do not precede.
_HOME = rf"~(?<![{_INSIDE}]~)(?:[A-Za-z_][\w.-]{{0,63}})?[/\\]"
_UNC = r"\\(?<![\w\\)\]]\\)\\++(?:[\w.$-]{2,64}|[?.])\\+[\w.$?{]"
BEHIND_COLON = (
    r":(?:(?<=[A-Za-z]:)(?<!\w[A-Za-z]:)"
    r"(?:[/\\]+[^\s/\\\"']|(?:/|\\+)$)(?<!:\\[dDsSwWbBnrt](?![a-z0-9_.\\-]))"
    # One letter of a folder may as well be the escape of a pattern or of a line end.
    r"|(?<=[A-Z]:)(?<!\w[A-Z]:)\\[dDsSwWbB](?=$|[\s\"',;)\]])"
    r"|(?:(?<=^[A-Za-z]:)|(?<=[\"'=(\[,][A-Za-z]:))\\[A-Za-z](?=$|[\"',;)\]])"
    r"|/{4,}+[\w.]|//~[/\\]"
    r"|(?<=[Ff][Ii][Ll][Ee]:)(?<![A-Za-z0-9]....:)[/\\~]"
    # What opens a file in an editor: `vscode://file/home/joe/x`, `vscode://vscode-remote/host/x`.
    r"|(?:(?<=vscode:)|(?<=vscode-insiders:)|(?<=vscodium:)|(?<=cursor:)|(?<=windsurf:))"
    r"//(?:file|vscode-remote)/)"
)
may_hold_path_behind_colon = QuickSearch(
    r"(?:^|[^A-Za-z0-9_])[A-Za-z]:[/\\]|:////|://~|[Ff][Ii][Ll][Ee]:[/\\~]"
    "|(?:vscode|insiders|vscodium|cursor|windsurf)://"
)
# `aim:///home/joe` is on this machine; these schemes mean a relative file or another machine.
_NO_HOST = re.compile(rf":///(?={_NAME})(home/|Users/)?")
_ELSEWHERE = re.compile(
    r"(?:.*[^a-z0-9+.-])?(?:(sqlite|duckdb)|postgres(?:ql)?|mysql|mariadb|mongodb|redis|s3[an]?|gc?s"
    r"|az|abfss?|wasbs?|adl|oss|cos|(?:web)?hdfs|viewfs|maprfs|dbfs|hf|ipfs|https?|mlflow-artifacts)(?:\+[a-z0-9]+)?",
    re.DOTALL,
)
# A molecule, `C(/C)=C/C`, whose slashes are bonds.
_MOLECULE = re.compile(
    r"(?<![^\s\"',;])(?![/\\(~])(?=[^\s\"',;=]{1,300}=)(?![^\s\"',;]{0,300}=\()"
    r"(?:Cl|Br|[BCNOPSFIHbcnops]|\[[^\]\s]{1,24}\]|[-=#$:/\\.%()0-9@+*])++(?![^\s\"',;])"
)


# Names that are written like paths and lead to no file: prims of a scene, routes of an API,
# multiaddresses; and, below keys that say so, topics, groups of HDF5 and others.
_SCENE_OR_ROUTE = re.compile(
    r"/(?:World|Visuals|physicsScene|api|v[0-9]+(?:alpha|beta)?[0-9]*|ip[46]|dns(?:[46]|addr)?)(?:/\S*)?"
)
_NAMED = re.compile(r"/[\w.*{}:-]+(?:/[\w.*{}\[\]:-]+)*/?")
_NAME_KEYS = frozenset(
    "topic topics prim prims route routes endpoint endpoints namespace frame group groups".split()
)
_ABOUT_NAMES = re.compile(r"(?:^|[_.-])(?:h5|hdf5?|zarr|ros|prim|usd|tf|url)(?:[_.-]|$)|_expr$")
_FOLDERS = re.compile(
    r"/(?:home|Users|user|root|te?mp|var|mnt|media|data(?:sets?)?|scratch|work(?:space|dir)?|opt|srv|usr|etc"
    r"|dev|proc|sys|run|s?bin|lib(?:32|64)?|boot|gpfs|lustre|beegfs|nfs|net|export|projects?|proj|storage"
    r"|volume|private|cluster|share[sd]?|nobackup|fs|content|kaggle|code|nas|raid|ssd|hdd|disks?|local"
    r"|System|Library|Applications|Volumes)[0-9]*(?:/|$)"
)


def key_of_names(key: str) -> bool:
    """Whether what stands below ``key`` are names that may be written like paths."""
    low = key.lower()
    return re.split(r"[_.\s-]", low)[-1] in _NAME_KEYS or bool(_ABOUT_NAMES.search(low))


def is_name(text: str, key: str) -> bool:
    """Whether ``text``, below ``key``, is a name that is written like a path: `/World/envs`."""
    if _SCENE_OR_ROUTE.fullmatch(text):
        return True
    return key_of_names(key) and bool(_NAMED.fullmatch(text)) and not _FOLDERS.match(text)


def contains_path(text: str) -> bool:
    """Whether ``text`` holds an absolute path of a machine."""
    if "=" in text and ("(/" in text or "(\\" in text):
        text = _MOLECULE.sub("", text)
    if "~" in text and (text == "~" or re.search(_HOME, text)):
        return True
    if "\\" in text and re.search(_UNC, text):
        return True
    if may_hold_path_behind_colon(text) and re.search(BEHIND_COLON, text):
        return True
    text = text.replace("\\/", "/")
    if re.search(_POSIX, text) or (":///" in text and any(map(_is_local, _NO_HOST.finditer(text)))):
        return True
    # `<run>/x` is relative and `<path>/x</path>` is not.
    return ">/" in text and bool(
        _AFTER_ANGLE.search(text if "</" in text else _PLACE_HOLDER.sub("x", text))
    )


def _is_local(match: re.Match[str]) -> bool:
    scheme = match.string[max(0, match.start() - 40) : match.start()].lower()
    elsewhere = _ELSEWHERE.fullmatch(scheme)
    return elsewhere is None or bool(elsewhere[1] and match[1])
