#!/usr/bin/env bash
# The example table, briefly: what it leaves, that threads and files change no bit, and what it refuses.
#
#   tests/examples/table.sh PROGRAM FOLDER      FOLDER is made anew
set -euo pipefail
source "$(dirname "$0")/common.sh"
program=$(realpath "$1")
rm -rf "$2" && mkdir -p "$2" && cd "$2"

awk 'BEGIN {
  srand(7); OFS = ";"
  print "city", "age", "height", "unit"
  for (i = 0; i < 300; ++i) print (rand() < 0.3 ? "\"Bern; Bärn\"" : "Chur"), 20 + int(40 * rand()), sprintf("%.2f", 1.5 + 0.4 * rand()), "m"
}' >people.csv

"$program" --data people.csv --steps 60 --output joint >said
for file in samples.csv report.png model.safetensors; do [ -s joint/$file ] || fail "no $file"; done
[ "$(head -n 1 joint/samples.csv)" = "$(head -n 1 people.csv)" ] || fail "other names in samples.csv"
[ "$(wc -l <joint/samples.csv)" = 301 ] || fail "not as many samples as records"
tail -n +2 joint/samples.csv | grep -Evq '^("Bern; Bärn"|Chur);[0-9]{2};1\.[0-9]{2};m$' && fail "samples of other kinds"
grep -q 'city=Bern; Bärn' said || fail "no report of each column"

"$program" --data people.csv --steps 60 --threads 1 --output again >/dev/null
cmp joint/samples.csv again/samples.csv
cmp joint/model.safetensors again/model.safetensors
"$program" --load joint/model.safetensors --samples 300 --output loaded >/dev/null
cmp joint/samples.csv loaded/samples.csv

"$program" --data people.csv --steps 60 --condition city,age --column age=number --output given >/dev/null
"$program" --load given/model.safetensors --given city=Chur --given age=30.5 --samples 7 --output given >/dev/null
[ "$(cut -d ';' -f 1,2 given/samples.csv | sort -u | tr '\n' ' ')" = "Chur;30.5 city;age " ] || fail "other conditions"

[ ! -e given/report.png ] || rm given/report.png
"$program" --data people.csv --steps 60 --condition unit --samples 5 --output constant >/dev/null
[ "$(sed 's/.*;//' constant/samples.csv | sort -u | tr '\n' ' ')" = "m unit " ] || fail "a constant is no condition"
"$program" --data people.csv --steps 60 --condition age --given age=30 --column city=ignore --output given >/dev/null
[ ! -e given/report.png ] || fail "a report on samples of another distribution"
[ "$(head -n 1 given/samples.csv)" = "age;height;unit" ] || fail "a column that was to be ignored"

# A word that may be held out of the training, and records with nothing in a field.
{ cat people.csv; printf 'Nowhere;33;1.6;m\n;33;1.6;m\nChur;NA;1.6;m\n'; } >rare.csv
"$program" --data rare.csv --steps 60 --complete --output rare >said
grep -q '^301 of 303 records are complete' said || fail "not the complete records"

# 40 records of two numbers as a NumPy array, of whatever bytes make small numbers.
{
  printf "\223NUMPY\1\0\166\0%-117s\n" "{'descr': '|u1', 'fortran_order': False, 'shape': (40, 2), }"
  head -c 80 "$program"
} >numbers.npy
"$program" --data numbers.npy --steps 60 --output numbers >/dev/null
[ "$(head -n 1 numbers/samples.csv)" = "column 0,column 1" ] || fail "other names of the columns of an array"

# An interrupt leaves what was learnt so far.
"$program" --data people.csv --steps 1000000 --output interrupted >/dev/null 2>&1 &
sleep 3
status=0
kill -TERM $!
wait $! || status=$?
[ $status = 130 ] || fail "an interrupt gave exit status $status, not 130"
for file in samples.csv report.png model.safetensors; do [ -s interrupted/$file ] || fail "an interrupt left no $file"; done

"$program" --data people.csv --steps 60 --condition city,age --output given >/dev/null
# Scores are of the records that are asked for, each given its own conditions.
head -n 9 people.csv >asked.csv
"$program" --load given/model.safetensors --score asked.csv --output scored >said
grep -q 'least like the data' said || fail "no record was said to be unlike the data"
[ "$(wc -l <scored/scores.csv)" = 9 ] || fail "expected the scores of eight records"
head -n 1 scored/scores.csv | grep -q '^record,log_density,standard_error,' || fail "scores have other columns"
[ ! -e scored/samples.csv ] || fail "scoring alone drew samples"
refuses 'none of "age"' --load given/model.safetensors --given city=Chur
refuses 'got "Bonn"' --load given/model.safetensors --given city=Bonn --given age=30
refuses 'expected --given' --load given/model.safetensors
refuses 'got "wage"' --data people.csv --column wage=number
refuses 'COLUMN=KIND' --data people.csv --column wage
refuses 'there are no' --data people.csv --given age=30
refuses 'one of --data' --steps 1
refuses 'a column to draw' --data people.csv --condition city,age,height
refuses 'column "age"' --data rare.csv --column city=category
head -n 11 people.csv >few.csv
refuses 'at least 20 records, got 10' --data few.csv
cp people.csv given/samples.csv
refuses 'choose another folder' --data given/samples.csv --output given
cmp people.csv given/samples.csv
rm said refused
echo "table: files, options and complaints are as promised"
