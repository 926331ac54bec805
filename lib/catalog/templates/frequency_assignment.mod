# Channels by one binary per transmitter and channel. Two transmitters that must be d channels apart
# share at most one channel out of any d neighbouring ones: one clique per window of channels, much
# fewer and tighter rows than one per pair of channels. `highest` is pushed up by every transmitter.
set TRANSMITTERS;
set CONFLICTS within TRANSMITTERS cross TRANSMITTERS;
set FORBIDDEN dimen 2;
param channels integer, >= 1;
param separation{CONFLICTS} integer, >= 1, default 1;
table transmitters_in IN "JSON" "transmitters": TRANSMITTERS <- [name];
table forbidden_in IN "JSON" "/transmitters/*/forbidden": FORBIDDEN <- [name, VALUE];
table conflicts_in IN "JSON" "conflicts": CONFLICTS <- [a, b], separation;
set CHANNELS := 1..channels;

# A transmitter does not conflict with itself.
check{(a,b) in CONFLICTS}: a <> b;
# This pair of transmitters is there twice, in both orders.
check{(a,b) in CONFLICTS}: (b,a) not in CONFLICTS;
# Every channel is forbidden for this transmitter.
check{t in TRANSMITTERS}: sum{c in CHANNELS: (t,c) not in FORBIDDEN} 1 >= 1;

var use{t in TRANSMITTERS, c in CHANNELS} binary;
var highest >= 1, <= channels;

minimize highest_channel: highest;

s.t. one_channel{t in TRANSMITTERS}: sum{c in CHANNELS} use[t,c] = 1;
s.t. not_allowed{t in TRANSMITTERS, c in CHANNELS: (t,c) in FORBIDDEN}: use[t,c] = 0;
s.t. apart{(a,b) in CONFLICTS, c in 1..max(1, channels - separation[a,b] + 1)}:
  sum{d in c..min(channels, c + separation[a,b] - 1)} (use[a,d] + use[b,d]) <= 1;
s.t. below_highest{t in TRANSMITTERS}: sum{c in CHANNELS} c * use[t,c] <= highest;

solve;
table assignment{t in TRANSMITTERS, c in CHANNELS: use[t,c] > 0.5} OUT "JSON" "assignment":
  t~transmitter, c~channel;
end;
