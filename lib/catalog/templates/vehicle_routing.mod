# Capacitated vehicle routing with one flow of goods (Gavish and Graves). carry[i,j] is the load on the
# way from i to j: it must hold what j takes and leave room for what i took, which gives bounds on both
# sides that are tied to the leg. Together with the least number of tours that the total demand needs,
# this rules out tours that do not pass the depot without a big number. Where all demands of a tour are
# zero, or lost in the solver's tolerance, no load would tell it from one that passes the depot: there
# a second flow, ahead[i,j], counts the customers of this kind that are still to come.
set PLACES;
param x{PLACES} default 0;
param y{PLACES} default 0;
param demand{PLACES} >= 0, default 0;
param number{PLACES};
param capacity > 0;
param vehicles integer, >= 1;
param cost_per_vehicle >= 0, default 0;
param distances{i in PLACES, j in PLACES} >= 0,
  default if i = j then 0 else sqrt((x[i] - x[j])^2 + (y[i] - y[j])^2);
table places_in IN "JSON" "places": PLACES <- [name], x, y, demand, number~RECNO;
set DEPOT := {i in PLACES: number[i] = 1};
set CUSTOMERS := PLACES diff DEPOT;
param total := sum{i in CUSTOMERS} demand[i];

# This customer takes more than one vehicle holds.
check{i in CUSTOMERS}: demand[i] <= capacity;
# All vehicles together hold less than the customers take.
check: total <= vehicles * capacity * (1 + 1e-9);

# Two customers that do not fit into one vehicle never follow each other.
set LEGS := {i in PLACES, j in PLACES: i <> j and
             (number[i] = 1 or number[j] = 1 or demand[i] + demand[j] <= capacity * (1 + 1e-9))};
set LIGHT := {i in CUSTOMERS: demand[i] <= max(1e-4, 1e-4 * capacity)};

var go{LEGS} binary;
var carry{(i,j) in LEGS: number[j] > 1} >= 0;
var ahead{(i,j) in LEGS: j in LIGHT} >= 0;
var tours integer, >= max(1, ceil(total / capacity - 1e-6)), <= vehicles;

minimize total_distance:
  sum{(i,j) in LEGS} distances[i,j] * go[i,j] + cost_per_vehicle * tours;

s.t. enter{j in CUSTOMERS}: sum{(i,j) in LEGS} go[i,j] = 1;
s.t. leave{i in CUSTOMERS}: sum{(i,j) in LEGS} go[i,j] = 1;
s.t. depart{d in DEPOT}: sum{(d,j) in LEGS} go[d,j] = tours;
s.t. return{d in DEPOT}: sum{(i,d) in LEGS} go[i,d] = tours;
s.t. deliver{n in CUSTOMERS}: sum{(i,n) in LEGS} carry[i,n] - demand[n]
  = sum{(n,j) in LEGS: number[j] > 1} carry[n,j];
s.t. enough{(i,j) in LEGS: number[j] > 1}: carry[i,j] >= demand[j] * go[i,j];
s.t. room{(i,j) in LEGS: number[j] > 1}: carry[i,j] <= (capacity - demand[i]) * go[i,j];
s.t. count_down{n in LIGHT}: sum{(i,n) in LEGS} ahead[i,n] - 1
  = sum{(n,j) in LEGS: j in LIGHT} ahead[n,j];
s.t. at_least_one{(i,j) in LEGS: j in LIGHT}: ahead[i,j] >= go[i,j];
s.t. at_most_all{(i,j) in LEGS: j in LIGHT}:
  ahead[i,j] <= (card(LIGHT) - (if i in LIGHT then 1 else 0)) * go[i,j];
s.t. not_back_and_forth{i in CUSTOMERS, j in CUSTOMERS:
  number[i] < number[j] and (i,j) in LEGS}: go[i,j] + go[j,i] <= 1;

solve;
# A tour is known by its first customer; at[f,k] is where it stands after k legs, 0 when back.
set FIRST := {j in CUSTOMERS: exists{d in DEPOT} go[d,j] > 0.5};
param tour{f in FIRST} := sum{g in FIRST: number[g] <= number[f]} 1;
param at{f in FIRST, k in 1..card(CUSTOMERS)} := if k = 1 then number[f]
  else sum{(i,j) in LEGS: number[i] = at[f,k-1] and number[j] > 1 and go[i,j] > 0.5} number[j];
table routes{f in FIRST, k in 1..card(CUSTOMERS), n in CUSTOMERS: number[n] = at[f,k]}
  OUT "JSON" "routes": tour[f]~tour, k~stop, n~customer, demand[n]~demand;
table tours_out{f in FIRST} OUT "JSON" "tours": tour[f]~tour,
  sum{k in 1..card(CUSTOMERS), n in CUSTOMERS: number[n] = at[f,k]} demand[n]~load,
  capacity~capacity;
end;
