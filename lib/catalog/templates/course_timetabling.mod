# Timetabling without a variable for the room. Rooms differ in their seats only, so a set of meetings in
# a slot fits if, for every size, at most as many meetings are larger as there are rooms that large
# (Hall's condition); the rooms are then handed out from the largest down. That leaves one binary per
# course and slot. Teachers and groups of students are cliques.
set SLOTS;
set ROOMS;
set COURSES;
set ATTENDS dimen 2;
set BLOCKED dimen 2;
param day{SLOTS} symbolic;
param penalty{SLOTS} >= 0, default 0;
param seats{ROOMS} integer, >= 0;
param room_number{ROOMS};
param teacher{COURSES} symbolic;
param students{COURSES} integer, >= 0;
param meetings{COURSES} integer, >= 1;
param number{COURSES};
table slots_in IN "JSON" "slots": SLOTS <- [name], day, penalty;
table rooms_in IN "JSON" "rooms": ROOMS <- [name], seats, room_number~RECNO;
table courses_in IN "JSON" "courses": COURSES <- [name], teacher, students, meetings, number~RECNO;
table attends_in IN "JSON" "/courses/*/groups": ATTENDS <- [name, VALUE];
table blocked_in IN "JSON" "blocked": BLOCKED <- [teacher, slot];
set DAYS := setof{s in SLOTS} day[s];
set TEACHERS := setof{c in COURSES} teacher[c];
set GROUPS := setof{(c,g) in ATTENDS} g;
set SIZES := setof{c in COURSES} students[c];

# No room has seats for this course.
check{c in COURSES}: exists{r in ROOMS} seats[r] >= students[c];
# This course meets on more days than there are days on which its teacher can teach.
check{c in COURSES}: meetings[c] <= sum{d in DAYS:
  exists{s in SLOTS} (day[s] = d and (teacher[c],s) not in BLOCKED)} 1;
# A blocked slot is not in the list of slots, or its teacher teaches nothing.
check{(t,s) in BLOCKED}: t in TEACHERS and s in SLOTS;

set MAY := {c in COURSES, s in SLOTS: (teacher[c],s) not in BLOCKED};
var meet{MAY} binary;

minimize inconvenience: sum{(c,s) in MAY} penalty[s] * meet[c,s];

s.t. all_meetings{c in COURSES}: sum{(c,s) in MAY} meet[c,s] = meetings[c];
s.t. once_a_day{c in COURSES, d in DAYS: meetings[c] > 1}:
  sum{(c,s) in MAY: day[s] = d} meet[c,s] <= 1;
s.t. teacher_free{t in TEACHERS, s in SLOTS: (t,s) not in BLOCKED}:
  sum{(c,s) in MAY: teacher[c] = t} meet[c,s] <= 1;
s.t. group_free{g in GROUPS, s in SLOTS}: sum{(c,g) in ATTENDS: (c,s) in MAY} meet[c,s] <= 1;
s.t. rooms_for{z in SIZES, s in SLOTS}: sum{(c,s) in MAY: students[c] >= z} meet[c,s]
  <= sum{r in ROOMS: seats[r] >= z} 1;

solve;
# In a slot the k-th largest course has the k-th largest room.
param place{(c,s) in MAY} := sum{(e,s) in MAY: meet[e,s] > 0.5 and (students[e] > students[c] or
  students[e] = students[c] and number[e] <= number[c])} 1;
param room_place{r in ROOMS} := sum{q in ROOMS: seats[q] > seats[r] or
  seats[q] = seats[r] and room_number[q] <= room_number[r]} 1;
table timetable{s in SLOTS, r in ROOMS, (c,s) in MAY: meet[c,s] > 0.5 and place[c,s] = room_place[r]}
  OUT "JSON" "timetable": s~slot, r~room, c~course, teacher[c]~teacher, students[c]~students,
  seats[r]~seats;
end;
