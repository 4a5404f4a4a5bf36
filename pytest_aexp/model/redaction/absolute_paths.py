"""Absolute paths, wherever a text holds one."""

from __future__ import annotations

import re

# What a path cannot follow: also the signs of units and currencies, and U+0300-10FF, scripts
# whose marks are no \w though they stand inside words.
_INSIDE = r"\w.*~+%$)\]}>?#/\\\xa2-\xa5\xb0\u0300-\u10ff\u2030-\u2037\u20a0-\u20cf-"
_NAME = r"(?:\w|[.~@]\w|\.\.?/|\$[\w{]|\{[\w.-]{1,64},|[^\x00-\x7f])"
# `</s>`, `<|/im|>`, `[/INST]`, the optional group of a pattern `(/x)?`, the mark `7 /10`,
# what MLflow names, `yes /no`, a face before the name of what it stands for.
_NO_PATH = (
    r"(?!(?<=</)[\w:.-]{1,64}>|(?<=\|/)[\w:.-]{1,64}\|>|(?<=\[/)[A-Z]+\]"
    r"|(?<=\(/)[\w.-]{1,64}\)[?*+]|[\d.]++(?![\w/])"
    r"|(?<=mlflow-artifacts:/)|(?<=runs:/)[0-9a-f]{32}(?![\w.-])"
    r"|(?<=models:/)[\w.-]{1,64}(?:/(?:\d+|latest|Staging|Production)|@\w+)(?![\w/.-])"
    r"|(?<= /)(?:no|not|off|or|false)(?![\w/.-])"
    r"|(?<=[\U0001f600-\U0001f64f\U0001f910-\U0001f92f]/)[\w.-]{1,64}(?![\w/.-]))"
)
# `/(tmp)/home/joe`; `/(a|b)/g` is a pattern.
_ODD_NAME = r"[+(=!,;&^-][^\s/]{0,64}/\w[\w.-]{1,64}/[\w.]"
# Text, compiled when there is something to search.
_POSIX = (
    rf"/(?:(?<![{_INSIDE}]/)(?<!\[\^/)(?<![)}}][\"']/)(?!(?<=[A-Za-z0-9]:/)/)"
    rf"{_NO_PATH}/*+(?:{_NAME}|{_ODD_NAME})|(?<=-[A-Zo]/)(?<![\w-]-[A-Zo]/){_NAME})"
)
_AFTER_ANGLE = re.compile(rf">/{_NAME}")
_PLACE_HOLDER = re.compile(r"<[^<>]{1,64}>")
_OTHER_PATHS = (
    rf"(?<![{_INSIDE}])~(?:[A-Za-z_][\w.-]{{0,63}})?[/\\]"
    r"|(?<!\w)[A-Za-z]:(?:[/\\]+[^\s/\\\"']|(?:/|\\+)$)(?<!:\\[dDsSwWbBnrt](?![a-z0-9_.\\-]))"
    r"|(?<![\w\\)\]])\\{2,}+(?:[\w.$-]{2,64}|[?.])\\+[\w.$?{]"
    # One letter of a folder may as well be the escape of a pattern or of a line end.
    r"|(?<!\w)[A-Z]:\\[dDsSwWbB](?=$|[\s\"',;)\]])"
    r"|(?:^|(?<=[\"'=(\[,]))[A-Za-z]:\\[A-Za-z](?=$|[\"',;)\]])"
    r"|:/{4,}+[\w.]|://~[/\\]"
    r"|(?<![A-Za-z0-9])[Ff][Ii][Ll][Ee]:[/\\~]"
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


def tells_path(text: str) -> bool:
    """Whether ``text`` holds an absolute path of a machine."""
    if "=" in text and ("(/" in text or "(\\" in text):
        text = _MOLECULE.sub("", text)
    if text == "~" or re.search(_OTHER_PATHS, text):
        return True
    text = text.replace("\\/", "/")
    if re.search(_POSIX, text) or (":///" in text and any(map(_is_here, _NO_HOST.finditer(text)))):
        return True
    # `<run>/x` is relative and `<path>/x</path>` is not.
    return ">/" in text and bool(
        _AFTER_ANGLE.search(text if "</" in text else _PLACE_HOLDER.sub("x", text))
    )


def _is_here(found: re.Match[str]) -> bool:
    scheme = found.string[max(0, found.start() - 40) : found.start()].lower()
    elsewhere = _ELSEWHERE.fullmatch(scheme)
    return elsewhere is None or bool(elsewhere[1] and found[1])
