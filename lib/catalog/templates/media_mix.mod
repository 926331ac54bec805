# Diminishing effects as steps. Since the contacts per unit fall from step to step, the better step of a
# channel fills first by itself; the only binaries say whether a channel is used. Each step is tied to
# it by its own size.
set CHANNELS;
set AUDIENCES;
set STEPS dimen 2;
set REACHES within CHANNELS cross AUDIENCES;
param budget >= 0;
param max_channels integer, >= 1, default card(CHANNELS);
param value{AUDIENCES} >= 0, default 1;
param least_contacts{AUDIENCES} >= 0, default 0;
param least_spend{CHANNELS} >= 0, default 0;
param most{STEPS} >= 0;
param contacts{STEPS} >= 0;
param part{REACHES} >= 0, <= 1;
table audiences_in IN "JSON" "audiences": AUDIENCES <- [name], value, least_contacts~least;
table channels_in IN "JSON" "channels": CHANNELS <- [name], least_spend~least;
table steps_in IN "JSON" "/channels/*/steps": STEPS <- [name, RECNO], most~spend, contacts;
table reaches_in IN "JSON" "/channels/*/audience": REACHES <- [name, KEY], part~VALUE;

# A later step of this channel has more contacts per unit than the step before.
check{(c,k) in STEPS: k > 1}: contacts[c,k] <= contacts[c,k-1];
# The steps of this channel hold less than its least spend.
check{c in CHANNELS}: least_spend[c] <= (1 + 1e-9) * sum{(c,k) in STEPS} most[c,k];
# All channels together cannot reach this audience as often as wanted.
check{a in AUDIENCES}: least_contacts[a] <= (1 + 1e-9) *
  sum{(c,a) in REACHES, (c,k) in STEPS} part[c,a] * contacts[c,k] * most[c,k];

var use{c in CHANNELS} binary;
var spend{(c,k) in STEPS} >= 0;

maximize valued_contacts: sum{(c,a) in REACHES, (c,k) in STEPS}
  value[a] * part[c,a] * contacts[c,k] * spend[c,k];

s.t. money: sum{(c,k) in STEPS} spend[c,k] <= budget;
s.t. when_used{(c,k) in STEPS}: spend[c,k] <= most[c,k] * use[c];
s.t. at_least{c in CHANNELS: least_spend[c] > 0}:
  sum{(c,k) in STEPS} spend[c,k] >= least_spend[c] * use[c];
s.t. reached{a in AUDIENCES: least_contacts[a] > 0}:
  sum{(c,a) in REACHES, (c,k) in STEPS} part[c,a] * contacts[c,k] * spend[c,k] >= least_contacts[a];
s.t. few: sum{c in CHANNELS} use[c] <= max_channels;

solve;
table plan{c in CHANNELS: use[c] > 0.5} OUT "JSON" "plan": c~channel,
  round(sum{(c,k) in STEPS} spend[c,k], 6)~spend,
  round(sum{(c,k) in STEPS} contacts[c,k] * spend[c,k], 6)~contacts;
table reach{a in AUDIENCES} OUT "JSON" "reach": a~audience, least_contacts[a]~wanted,
  round(sum{(c,a) in REACHES, (c,k) in STEPS} part[c,a] * contacts[c,k] * spend[c,k], 6)~contacts;
end;
