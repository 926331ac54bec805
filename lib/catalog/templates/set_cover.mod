# Set covering. choose[o] is one when option o is taken; the row of an element asks for as many of the
# options that cover it as it must be covered times. Elements that one option alone can cover force
# that option, which the solver's presolve finds by itself.
set ELEMENTS;
set OPTIONS;
set COVERS within OPTIONS cross ELEMENTS;
param times{ELEMENTS} integer, >= 0, default 1;
param cost{OPTIONS} >= 0;
table elements_in IN "JSON" "elements": ELEMENTS <- [name], times;
table options_in IN "JSON" "options": OPTIONS <- [name], cost;
table covers_in IN "JSON" "/options/*/covers": COVERS <- [name, VALUE];

# Too few options cover this element.
check{e in ELEMENTS}: times[e] <= sum{(o,e) in COVERS} 1;

var choose{o in OPTIONS} binary;

minimize total_cost: sum{o in OPTIONS} cost[o] * choose[o];

s.t. covered{e in ELEMENTS}: sum{(o,e) in COVERS} choose[o] >= times[e];

solve;
table chosen{o in OPTIONS: choose[o] > 0.5} OUT "JSON" "chosen": o~option, cost[o]~cost;
table coverage{e in ELEMENTS} OUT "JSON" "coverage":
  e~element, times[e]~needed, sum{(o,e) in COVERS} choose[o]~covered;
end;
