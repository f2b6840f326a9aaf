"""jq's library: what is written in jq itself, and how the functions of `functions` are found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from podium.expressions.jq.evaluation import Scope, defined
from podium.expressions.jq.parsing import parse_definitions

_TEXT = r"""
def not: if . then false else true end;
def map(f): [.[] | f];
def select(f): if f then . else empty end;
def recurse: recurse(.[]?);
def recurse(f; c): def r: ., (f | select(c) | r); r;
def recurse_down: recurse;
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def map_values(f): .[] |= f;
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: reduce .[] as $x ({};
  . + { ($x | if type == "object"
              then (if has("key") then .key elif has("k") then .k elif has("name") then .name
                    elif has("Name") then .Name elif has("Key") then .Key else .K end)
              else . end
         | if type == "string" then . elif . == null then "null" else tojson end):
        ($x | if type == "object"
              then (if has("value") then .value elif has("v") then .v elif has("Value") then .Value else .V end)
              else null end) });
def with_entries(f): to_entries | map(f) | from_entries;
def add: reduce .[] as $x (null; . + $x);
def add(f): reduce f as $x (null; . + $x);
def range($n): range(0; $n);
def range($from; $to): range($from; $to; 1);
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def combinations:
  if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end;
def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else first(skip($n; f)) end;
def isempty(g): label $go | (g | false, break $go), true;
def all: all(.[]; .);
def any: any(.[]; .);
def all(f): all(.[]; f);
def any(f): any(.[]; f);
def all(g; f): isempty(first(g | if f then empty else 1 end));
def any(g; f): isempty(first(g | if f then 1 else empty end)) | not;
def flatten: flatten(1e9);
def env: $ENV;
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));
def toarray: if type == "array" then . else [.] end;
def todate: todateiso8601;
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(u; n): . + n;
def datesub(u; n): . - n;
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def match(re): match(re; null);
def test(re): test(re; null);
def capture(re): capture(re; null);
def capture(re; flags): match(re; flags) | [.captures | .[] | select(.name != null) | {key: .name, value: .string}]
  | from_entries;
def scan(re): scan(re; null);
def scan(re; flags): match(re; "g" + flags)
  | if (.captures | length) > 0 then [.captures | .[] | .string] else .string end;
def splits(re): splits(re; null);
def splits(re; flags): split(re; flags) | .[];
def sub(re; text): sub(re; text; "");
def gsub(re; text): sub(re; text; "g");
def gsub(re; text; flags): sub(re; text; flags + "g");
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p)
  | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): {x: null, e: false} as $init
  | foreach f as $i ($init;
      if .e then $init else . end
      | if $i | length == 2
        then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
        else setpath(["e"]; $i[0] | length == 1) end;
      if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $input
  | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
def debug: .;
def debug(m): .;
def stderr: .;
def input_line_number: 0;
def halt_error: error;
def todate(f): strftime(f);
def ascii: [.] | implode;
def have_literal_numbers: true;
def have_decnum: false;
"""


@lru_cache(maxsize=1)
def library() -> Mapping[str, Scope]:
    """Every function written in jq, by name and count of arguments."""
    functions = (defined(definition, None) for definition in parse_definitions(_TEXT))
    return {function.name: function for function in functions}
