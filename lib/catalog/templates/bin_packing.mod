# Bin packing by representatives. Items are ranked from large to small, and a bin is named after the
# largest item in it: into[i,b] puts item i into the bin of item b, with i not before b. So bins that
# differ only in their number do not exist, which removes the symmetry that makes this problem hard.
# The capacity row counts the representative itself; with the rows `opened` and the bound `at_least` on
# the number of bins the relaxation is close to the truth.
set ITEMS;
param size{ITEMS} > 0;
param position{ITEMS};
param capacity > 0;
table items_in IN "JSON" "items": ITEMS <- [name], size, position~RECNO;

# This item is larger than a bin.
check{i in ITEMS}: size[i] <= capacity;

param rank{i in ITEMS} := 1 + sum{k in ITEMS: size[k] > size[i] or size[k] = size[i] and
                                             position[k] < position[i]} 1;
set FITS := {i in ITEMS, b in ITEMS: rank[b] = rank[i] or
             rank[b] < rank[i] and size[i] + size[b] <= capacity * (1 + 1e-9)};

var into{FITS} binary;  # into[b,b] is one when the bin of b is used

minimize bins: sum{b in ITEMS} into[b,b];

s.t. packed{i in ITEMS}: sum{(i,b) in FITS} into[i,b] = 1;
s.t. room{b in ITEMS}:
  sum{(i,b) in FITS: i <> b} size[i] * into[i,b] <= (capacity - size[b]) * into[b,b];
s.t. opened{(i,b) in FITS: i <> b}: into[i,b] <= into[b,b];
s.t. at_least: sum{b in ITEMS} into[b,b] >= ceil(sum{i in ITEMS} size[i] / capacity - 1e-6);

solve;
# Bins in the order of their representatives.
param bin{b in ITEMS} := sum{k in ITEMS: rank[k] <= rank[b]} round(into[k,k]);
table packing{b in ITEMS, (i,b) in FITS: into[i,b] > 0.5} OUT "JSON" "packing":
  bin[b]~bin, i~item, size[i]~size;
table loads{b in ITEMS: into[b,b] > 0.5} OUT "JSON" "loads":
  bin[b]~bin, sum{(i,b) in FITS} size[i] * into[i,b]~load, capacity~capacity;
end;
