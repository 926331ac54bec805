# The double standard model (Gendreau, Laporte and Semet). once and twice say whether a zone is reached
# within the short time by at least one and by at least two ambulances; what is maximized are the calls
# of zones that are reached twice. Everybody is reached within the long time, the given share of the
# calls within the short one.
set STATIONS;
set ZONES;
param ambulances integer, >= 1;
param short_time >= 0;
param long_time >= short_time;
param share >= 0, <= 1, default 0.9;
param most{STATIONS} integer, >= 0, default 2;
param calls{ZONES} >= 0;
param travel_time{STATIONS, ZONES} >= 0;
table stations_in IN "JSON" "stations": STATIONS <- [name], most;
table zones_in IN "JSON" "zones": ZONES <- [name], calls;

# No station reaches this zone within the long time.
check{z in ZONES}: exists{s in STATIONS} (travel_time[s,z] <= long_time and most[s] > 0);
# The stations hold fewer ambulances than there are.
check: sum{s in STATIONS} most[s] >= ambulances;

var place{s in STATIONS} integer, >= 0, <= min(most[s], ambulances);
var once{z in ZONES} binary;
var twice{z in ZONES} binary;

maximize calls_reached_twice: sum{z in ZONES} calls[z] * twice[z];

s.t. all_ambulances: sum{s in STATIONS} place[s] = ambulances;
s.t. long_standard{z in ZONES}: sum{s in STATIONS: travel_time[s,z] <= long_time} place[s] >= 1;
s.t. short_standard: sum{z in ZONES} calls[z] * once[z] >= share * sum{z in ZONES} calls[z];
s.t. reached{z in ZONES}:
  sum{s in STATIONS: travel_time[s,z] <= short_time} place[s] >= once[z] + twice[z];
s.t. once_first{z in ZONES}: twice[z] <= once[z];

solve;
table placement{s in STATIONS: place[s] > 0.5} OUT "JSON" "placement":
  s~station, place[s]~ambulances;
table coverage{z in ZONES} OUT "JSON" "coverage": z~zone, calls[z]~calls,
  sum{s in STATIONS: travel_time[s,z] <= short_time} place[s]~ambulances_in_short_time;
end;
