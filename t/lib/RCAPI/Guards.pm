# SPDX-License-Identifier: Apache-2.0
package RCAPI::Guards;

=head1 NAME

RCAPI::Guards - what the sources promise each other

=head1 SYNOPSIS

    my @complaints = RCAPI::Guards::includes('.');

Each guard takes the root of a source tree and returns complaints, none when all is well. They read
text only and know our form: a function's braces stand in the first column, a file includes its own
header first. t/00-guards.t runs them, and holds each against a planted fault.

=cut

use strict;
use warnings;
use Encode qw(decode);
use File::Find ();
use RCAPI::Run qw(run slurp);

# Arrows point down only. Faces do not know each other, nor do store and vcs.
my %LEVEL = (base => 0, archive => 1, db => 1, remote => 1, store => 2, vcs => 2, domain => 3,
    faces => 3.5, (map { ("faces/$_" => 4) } qw(api git hg pages raw svn)), http => 5, cli => 5);
my $MAX_FILE = 400; # lines; tests have long tables, so twice as many
my $MAX_FUNCTION = 60;
my $MAX_LINE = 119;

# Files below $root, as paths from it, whose path matches $like.
sub files {
    my ($root, $like) = @_;
    my @found;
    File::Find::find({ no_chdir => 1, preprocess => sub { sort grep { !/^(?:\.git|build|var)$/ } @_ }, wanted => sub {
        return if !-f || -l;
        my $path = substr $_, 1 + length $root;
        push @found, $path if $path =~ $like;
    } }, $root);
    return @found;
}

sub c_files { files($_[0], qr{^(?:src/.*|include/.*|mod_rcapi)\.[ch]$}) }

# A C file's text without comments and with empty strings; lines stay where they are.
# What was worked out once is kept: the guards see the same files again and again.
my %code;

sub code {
    my ($text) = @_;
    return $code{$text} //= _code($text);
}

sub _code {
    my ($text) = @_;
    $text =~ s{("(?:\\.|[^"\\\n])*")|('(?:\\.|[^'\\\n])*')|//[^\n]*|(/\*.*?\*/)}
              {$1 ? '""' : $2 ? "''" : defined $3 ? $3 =~ tr/\n//cdr : ''}gse;
    return $text;
}

# The room that a path below src/ or include/ belongs to.
sub room_of {
    my ($path) = @_;
    return 'http' if $path eq 'mod_rcapi.c';
    my $shared = qr/answer|body|face|place|request|session|sign_in|view\w*|whitelist/;
    return 'faces' if $path =~ m{^(?:(?:src|include)/)?faces/$shared\.[ch]$};
    my ($room) = $path =~ m{^(?:(?:src|include)/)?(faces/\w+|\w+)[/.]} or return;
    return exists $LEVEL{$room} ? $room : undef;
}

# "../x/y.h" as it is seen from a file, as a path from the root.
sub from_root {
    my ($file, $header) = @_;
    return $header if $header !~ m{^\.\./};
    my @at = split m{/}, $file =~ s{/[^/]*$}{}r;
    pop @at while $header =~ s{^\.\./}{};
    return join '/', @at, $header;
}

sub includes {
    my ($root) = @_;
    my @bad;
    for my $file (c_files($root)) {
        my $from = room_of($file) // next;
        for my $header (slurp("$root/$file") =~ /^#include "([^"]+)"/mg) {
            my $to = $header =~ m{/} ? room_of(from_root($file, $header)) : undef;
            push @bad, "$file: includes $header of $to" if defined $to && $to ne $from && $LEVEL{$to} >= $LEVEL{$from};
        }
    }
    return @bad;
}

# file => { file that it calls => a function of that }. Names in tables are no calls.
sub calls {
    my ($root) = @_;
    my (%defined, %body, %calls);
    for my $file (grep { /\.c$/ } c_files($root)) {
        my $text = code(slurp("$root/$file"));
        while ($text =~ /^(\w[^;{}=\n]*(?:\n[ \t]+[^;{}=\n]*)*)\n\{\n(.*?)^\}/gms) {
            my ($head, $body) = ($1, $2);
            $defined{$1} = $file if $head !~ /^static\b/ && $head =~ /\b(rc_\w+)\(/;
            $body{$file} .= $body;
        }
    }
    for my $file (keys %body) {
        for my $name (sort $body{$file} =~ /\b(rc_\w+)\(/g) {
            my $other = $defined{$name};
            $calls{$file}{$other} = $name if defined $other && $other ne $file;
        }
    }
    return \%calls;
}

# No file calls one that calls it, through any chain. All calls of a circle are named.
sub circles {
    my ($root) = @_;
    my $calls = calls($root);
    my (%reaches, %done, @bad);
    for my $file (keys %$calls) {
        my @todo = $file;
        while (defined(my $at = pop @todo)) {
            push @todo, grep { !$reaches{$file}{$_}++ } keys %{ $calls->{$at} // {} };
        }
    }
    for my $file (sort keys %$calls) {
        next if $done{$file} || !$reaches{$file}{$file};
        my @circle = grep { $reaches{$file}{$_} && $reaches{$_}{$file} } sort keys %$calls;
        $done{$_} = 1 for @circle;
        for my $from (@circle) {
            push @bad, map { "circle: $from calls $calls->{$from}{$_}() of $_" }
                grep { $calls->{$from}{$_} } @circle;
        }
    }
    return @bad;
}

# Foreign names and the rooms that know them: headers, words of the code, files.
my @FOREIGN = (
    [qr{(?:httpd|http_\w+|ap_\w+|util_\w+|mod_\w+|mpm_common|scoreboard|unixd)\.h},
        qr/request_rec|server_rec|conn_rec|cmd_parms|ap_\w+|AP_[A-Z]\w+/, qr{src/http/|mod_rcapi\.c}],
    [qr{sqlite3\.h}, qr/sqlite3\w*|SQLITE_\w+/, qr{src/db/sqlite/}],
    [qr{libpq-fe\.h}, qr/PQ[a-z]\w+|PG(?:conn|result)/, qr{src/db/postgresql/}],
    [qr{git2(?:/.*|\.h)}, qr/git_\w+|GIT_[A-Z]\w+/, qr{src/vcs/git/}],
    [qr{svn_\w+\.h}, qr/svn_\w+_t\b|svn_\w+(?=\()|SVN_[A-Z]\w+/, qr{src/vcs/svn/}],
    [qr{json-c/.*|json\w*\.h}, qr/json_(?:object|tokener|type|bool)\w*/,
        qr{src/(?:faces/api|cli)/|(?:src|include)/base/json_read\.[ch]}],
    [qr{curl/.*}, qr/curl_\w+|CURL\w*/, qr{src/cli/|src/remote/post\.c}],
    [qr{archive(?:_entry)?\.h}, qr/archive_(?:write|read|entry)\w*/, qr{src/archive/}],
    [qr{libdeflate\.h}, qr/libdeflate_\w+/, qr{src/(?:archive|vcs/(?:git|hg))/}],
    [qr{zstd\.h}, qr/ZSTD_\w+/, qr{src/vcs/hg/}],
    [qr{zlib\.h}, qr/(?:in|de)flate(?:Init\w*|End|Reset)|z_stream/, qr{src/(?:base|archive|vcs/git)/}],
    [qr{openssl/.*}, qr/(?:EVP|RAND|HMAC|CRYPTO|OPENSSL)_\w+/, qr{src/(?:base|vcs/git|vcs/hg)/}],
);

sub foreign_names {
    my ($root) = @_;
    my @bad;
    for my $file (c_files($root)) {
        my $text = slurp("$root/$file");
        my $code = code($text);
        for (@FOREIGN) {
            my ($header, $word, $rooms) = @$_;
            next if $file =~ /^(?:$rooms)/ || !($text =~ /$header/ || $code =~ /$word/);
            push @bad, map { "$file: includes $_" } $text =~ /^#include [<"]($header)[>"]/mg;
            push @bad, map { "$file: names $_" } $code =~ /\b($word)\b/g;
        }
    }
    return @bad;
}

# What git keeps on the disk, and the git back end itself, are known in its room alone; the list of types
# names its row.
my $GIT_FILES = qr{"[^"\n]*(?:/HEAD\b|/objects\b|\brefs/|/\.git\b|\.git/)[^"\n]*"};

sub git_room {
    my ($root) = @_;
    my @bad;
    for my $file (grep { m{^(?:src|include)/} && !m{^src/(?:vcs/git|cli)/} } c_files($root)) {
        my $text = slurp("$root/$file");
        $text =~ s{/\*.*?\*/}{}gs;
        push @bad, map { "$file: knows git's $_" } $text =~ /($GIT_FILES)/g;
        push @bad, map { "$file: names $_" } grep { $_ ne 'rc_git_backend' } $text =~ /\b(rc_git_\w+)/g;
    }
    return @bad;
}

# Which database it is, and which files it keeps, is known to its driver alone, and to the table that lists it.
sub database_room {
    my ($root) = @_;
    my @bad;
    for my $file (grep { !m{^src/db/(?:sqlite/|db\.c$|driver\.h$)} } c_files($root)) {
        push @bad, map { "$file: names $_" } slurp("$root/$file") =~ /(\w*sqlite\w*|"-(?:wal|shm)")/gi;
    }
    return @bad;
}

# What changes the database and the disk is a use case of the domain: faces and programs have no disk
# transactions, no pool of open repositories, no transactions or statements of the database, and change no rows.
my $INNER = qr/\b(rc_(?:disk_txn_\w+|work_dir|vcs_pool_\w+|query|execute|stmt|step|bind
    |db_(?:txn|begin|commit|rollback|acquire|release|exec)\w*
    |store_(?:\w+_)?(?:add|insert|update|delete|remove|replace|set|copy|purge|forget|follow|unfollow)(?:_\w+)?
    |rule_(?:grant|revoke|copy)\w*))\s*\(/x;

sub use_cases {
    my ($root) = @_;
    my @bad;
    for my $file (grep { m{^(?:src|include)/(?:faces|cli)/} } c_files($root)) {
        push @bad, map { "$file: $_ of a use case" } code(slurp("$root/$file")) =~ /$INNER/g;
    }
    return @bad;
}

# Ids of log messages: four digits, each used once.
sub log_ids {
    my ($root) = @_;
    my (%seen, @bad);
    for my $file (c_files($root)) {
        for my $id (slurp("$root/$file") =~ /^(?!#define).*?\bRCLOGNO\(([^)]*)\)/mg) {
            push @bad, "$file: log id $id" if $id !~ /^\d{4}$/ || $seen{$id}++;
        }
    }
    return @bad;
}

# Every directive is in the sample, and has a section in docs/configuration.md with its syntax, default and
# context. Its row has the form that docs/tables.pl reads.
sub directives {
    my ($root) = @_;
    my $page = slurp("$root/docs/configuration.md");
    my @bad;
    for my $file (files($root, qr{^src/(?:http|faces)/.*\.c$})) {
        my $text = slurp("$root/$file");
        my %row = map { ($_ => 1) } $text =~ /^    \{"(Rcapi\w+)",\s+"[^"]*",\s+RC_(?:SERVER|PLACE),/mg;
        push @bad, map { "$file: $_: not a row as in include/faces/directive.h" }
            grep { !$row{$_} } $text =~ /\{\s*"(Rcapi\w+)"(?!, "(?:file|directory)")/g;
        while ($text =~ /^    \{"(Rcapi\w+)",\s+"([^"]*)",\s+RC_(SERVER|PLACE),\s+(?:\w+\()?RC_(\w+)/mg) {
            my ($name, $help, $scope, $type) = ($1, $2, $3, $4);
            push @bad, "$name: not in conf/rcapi.conf" if slurp("$root/conf/rcapi.conf") !~ /\b$name\b/;
            my ($section) = $page =~ /^### $name\n(.*?)(?=^##|\z)/ms;
            my ($syntax, $default, $where) =
                ($section // '')
                =~ /\A\n    $name ([^\n]+)\n\nDefault: ([^\n]+)\. Context: ([^\n]+)\.\n.*^```apache\n$name\b/ms;
            push @bad, "$name: no section with syntax, default, context and example in docs/configuration.md"
                if !defined $where;
            next if !defined $where;
            push @bad, "$name: context $where" if $where ne ($scope eq 'PLACE' ? 'server, place' : 'server');
            push @bad, "$name: syntax $syntax" if ($type eq 'FLAG') != ($syntax eq 'On|Off');
            my ($told) = $help =~ /\(default:? ([^)]+)\)/;
            push @bad, "$name: default $default" if defined $told && index($default =~ tr/`//dr, $told) < 0;
        }
    }
    return @bad;
}

# Every method is in docs/api.md and in a test.
sub methods {
    my ($root) = @_;
    my $tests = join '', map { slurp("$root/$_") } files($root, qr{^t/[^/]*\.t$});
    my $page = slurp("$root/docs/api.md");
    my @bad;
    for my $file (files($root, qr{^src/faces/api/methods/.*\.c$})) {
        my $rows = join '', slurp("$root/$file") =~ /^const rc_method_t \w+\[\] = \{\n(.*?)^\};/msg;
        for my $name ($rows =~ /^\s*\{"(\w+)",\s*\w+/mg) {
            push @bad, "$name: not in docs/api.md" if $page !~ /`$name\b/;
            push @bad, "$name: in no test" if $tests !~ /\b$name\b/;
        }
    }
    return @bad;
}

# What a method reads is a parameter of a row beside it: another one reads as not given, for ever.
sub parameters {
    my ($root) = @_;
    my @bad;
    for my $file (files($root, qr{^src/faces/api/methods/.*\.c$})) {
        my $text = code(slurp("$root/$file"));
        my %row = map { ($_ => 1) } $text =~ /\bRC_(?:ARG|OBJECT)\w*\((RC_P_\w+)/g, $text =~ /\.id = (RC_P_\w+)/g;
        my %read = map { ($_ => 1) } $text =~ /\b(RC_P_\w+)/g;
        push @bad, map { "$file: no row has $_" } grep { !$row{$_} && $_ ne 'RC_P_NONE' } sort keys %read;
    }
    return @bad;
}

# A name that stands for three things in three files stands for nothing: static functions, and types without
# rc_. These few mean the same wherever they are.
my %CONVENTION = map { ($_ => 1) } qw(
    answer plan by_name grant_user revoke_user grant_user_group revoke_user_group);

sub static_names {
    my ($root) = @_;
    my %files;
    for my $file (files($root, qr{^(?:src/.*|mod_rcapi)\.[ch]$})) {
        my $text = code(slurp("$root/$file"));
        $files{$_}{$file} = 1 for $text =~ /^static [^\n;={}()]*?\b(\w+)\(/mg, $text =~ /^\} (?!rc_)(\w+_t);/mg;
    }
    my @bad;
    for my $name (sort grep { !$CONVENTION{$_} && !/^(?:plan|answer)_/ } keys %files) {
        my @in = sort keys %{ $files{$name} };
        push @bad, "$name is static in " . @in . " files: @in" if @in > 2;
    }
    return @bad;
}

# No macro makes a function: no tool finds its name.
sub function_macros {
    my ($root) = @_;
    my @bad;
    for my $file (c_files($root)) {
        my $text = code(slurp("$root/$file")) =~ s/\\\n/ /gr;
        while ($text =~ /^#define (\w+)(?:\([^()]*\))?(.*)/mg) {
            my ($name, $body) = ($1, $2);
            push @bad, "$file: $name makes a function"
                if $body =~ /\b(?!(?:if|for|while|switch)\b)[\w#]+\s*\([^;{}]*\)\s*\{/;
        }
    }
    return @bad;
}

# No cast of a pointer to a pointer, nor of a function: both are undefined behaviour as soon as they are used.
sub casts {
    my ($root) = @_;
    my @bad;
    for my $file (c_files($root)) {
        push @bad, map { "$file: cast $_" } code(slurp("$root/$file")) =~
            /(\((?:const )?\w+ \*\*+\)\s*&|\([\w ]+\*?\(\*\)\([^()]*\)\))/g;
    }
    return @bad;
}

# What comments cite exists: pages and sections of the contract ("contract 02 §1.8", "01 §5 and §6"), its
# decisions ("05 OPEN-9"), methods ("contract 02 create_repo"), and other documents ("docs/architecture.md §3").
my $SECTION = qr{\d+(?:\.\d+)?};

sub headings {
    my ($file) = @_;
    my $text = slurp($file);
    my %there = map { ($_ => 1) } $text =~ /^#{2,4} ($SECTION)\b/mg, $text =~ /^\| (\w[^|(]*?) (?:\([^|]*\) )?\|/mg;
    $there{$_} = 1 for map { /\b([a-z]+_[a-z_]+)/g } $text =~ /^#### (.+)/mg, $text =~ /^\| `(\w+)\(/mg;
    return \%there;
}

# A page, as comments name it.
my $CITED = qr/\b(?:[Cc]ontract ([01]\d)\b|([01]\d)(?= §))/;

sub citations {
    my ($root) = @_;
    my %pages = map { m{(\d\d)-[^/]*$} ? ($1 => headings("$root/$_")) : () }
        files($root, qr{^docs/contract/\d\d-.*\.md$});
    my @bad;
    for my $file (grep { !m{^t/(?:00-guards\.t|lib/RCAPI/Guards\.pm)$} }
        files($root, qr{^(?:src|include|t|conf)/|^mod_rcapi\.c$|^Makefile$})) {
        my $text = slurp("$root/$file") =~ s{\n\s*(?:\*(?!/)|#|//|--)?\s*}{ }gr;
        push @bad, "$file: cites $1" while $text =~ m{\b((?:design|house|style|performance[-\d]*)\.md)}g;
        while ($text =~ m{$CITED((?:,? (?:(?:and|to) )?§$SECTION)*)(?: ([a-z]+_[a-z_]+)\b)?}g) {
            my ($page, $places, $method) = ($1 // $2, $3, $4);
            push @bad, "$file: no page $page" if !$pages{$page};
            push @bad, map { "$file: no $_ on page $page" } grep { !$pages{$page}{$_} }
                $places =~ /($SECTION)/g, $page eq "02" ? $method // () : ();
        }
        push @bad, map { "$file: no decision $_" } grep { !$pages{'05'}{$_} }
            $text =~ /[Cc]ontract (?:\d\d [^"\n]{1,40}?)?05,? "([^"]+)"/g, $text =~ /(OPEN-\d+)/g;
        while ($text =~ m{\b(docs/[\w/-]+\.md)(?: §($SECTION))?}g) {
            push @bad, "$file: no $1" . ($2 ? " §$2" : "") if !-e "$root/$1" || $2 && !headings("$root/$1")->{$2};
        }
    }
    return @bad;
}

# Each folder in src/faces is a row of the table that http walks, and the other way round.
sub faces {
    my ($root) = @_;
    my %row = map { $_ => 1 } slurp("$root/src/http/faces.c") =~ /^\s*&rc_face_(\w+),/mg;
    my %folder = map { m{^src/faces/(\w+)/} ? ($1 => 1) : () } c_files($root);
    return ((map { "src/faces/$_: no row in src/http/faces.c" } grep { !$row{$_} } sort keys %folder),
        (map { "rc_face_$_: no folder in src/faces" } grep { !$folder{$_} } sort keys %row));
}

# Functions that overflow, share state between threads, start a shell, or (json-c's parser) lose a part
# of their input when memory is short.
sub banned {
    my ($root) = @_;
    my $names = qr/strcpy|strcat|sprintf|vsprintf|strtok|gets|localtime|gmtime|ctime|asctime|system|popen|atoi|atol
        |tmpnam|mktemp|json_tokener_\w+/x;
    my @bad;
    for my $file (c_files($root)) {
        push @bad, map { "$file: $_()" } code(slurp("$root/$file")) =~ /(?<![\w.>])($names)\s*\(/g;
    }
    return @bad;
}

# apr_time_now() can be set back: it names moments that are kept or compared with kept ones. Deadlines,
# retries and durations use rc_clock().
my $MOMENT = qr/\bapr_time_(?:sec|exp_lt)\(|\(apr_int64_t\)apr_time_now\(\)\)
    |\b(?:created_on|before|\w*taken)\b[^;]*apr_time_now/x;

sub clocks {
    my ($root) = @_;
    my @bad;
    for my $file (c_files($root)) {
        push @bad, map { "$file: apr_time_now() in $_" }
            grep { !/$MOMENT/ } code(slurp("$root/$file")) =~ /^[ \t]*([^\n]*\bapr_time_now\([^\n]*)/mg;
    }
    return @bad;
}

# Schema steps that were released never change.
my $RELEASED = qr{^src/store/schema/};

# No file, no function and no line is too long to read.
sub sizes {
    my ($root) = @_;
    my @bad;
    for my $file (files($root, qr{\.(?:[ch]|sql|awk|pm|t)$|^Makefile$|^conf/})) {
        my $lines = () = slurp("$root/$file") =~ /\n/g;
        push @bad, "$file: $lines lines" if $lines > ($file =~ m{^t/} ? 2 : 1) * $MAX_FILE;
    }
    for my $file (files($root, qr{\.(?:[ch]|sql|awk|pm|t|mk)$|^Makefile$|^conf/|^t/bench/run$})) {
        next if $file =~ $RELEASED;
        my $text = decode('UTF-8', slurp("$root/$file"));
        while ($text =~ /^[^\n]{$MAX_LINE}([^\n]+)/mg) {
            my $n = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
            push @bad, "$file:$n: " . ($MAX_LINE + length $1) . ' columns';
        }
    }
    for my $file (grep { /\.c$/ } c_files($root)) { # tests may have long tables
        my $text = slurp("$root/$file");
        while ($text =~ /^(\w[^\n]*)\n(?:\s+[^\n]*\n)*?(\{\n.*?^\})/gms) {
            my ($head, $body) = ($1, $2);
            my $lines = 1 + ($body =~ tr/\n//);
            push @bad, "$file: $lines lines in $head" if $lines > $MAX_FUNCTION;
        }
    }
    return @bad;
}

# A test file's number is its name in talk and logs.
sub numbers {
    my ($root) = @_;
    my %files;
    push @{ $files{ m{^t/(\w+)-} ? $1 : $_ } }, $_ for files($root, qr{^t/[^/]*\.t$});
    my @bad = grep { @{ $files{$_} } > 1 || !/^\w\w$/ } sort keys %files;
    return map { join(' ', @{ $files{$_} }) . ": number $_" } @bad;
}

# A licence line in each source file. Those of conf/debian have forms that dpkg knows; one of them is the copyright.
sub licences {
    my ($root) = @_;
    my @bad;
    for my $file (files($root, qr{\.(?:[ch]|sql|awk|pm|t|pl|sh)$|^Makefile$|^conf/(?!debian/)|^\.ci/})) {
        my @lines = split /\n/, slurp("$root/$file"), 4;
        push @bad, "$file: no licence line" if !grep { /SPDX-License-Identifier: Apache-2\.0/ } grep { defined }
            @lines[0 .. 2];
    }
    return @bad;
}

# Nothing of the machine or of the tools it was written with.
sub traces {
    my ($root) = @_;
    my $traces = join '|', '(?i:co-auth' . 'ored-by)', '/work' . '/', '/tmp' . '/wt/',
        '/home' . '/\w+/';
    return map { "$_: trace" } grep { slurp("$root/$_") =~ /$traces/ } files($root, qr/./);
}

# Each public header compiles alone; with a second argument, that one is tried. The build has compiled those that
# a file includes before all others.
sub headers {
    my ($root, $only) = @_;
    my @flags = split ' ', run({ root => 1 }, qw(pkg-config --cflags apr-1 apr-util-1 json-c sqlite3 libgit2))->{out};
    my %compiled = map { slurp("$root/$_") =~ /^#include ["<]([^">]+)/m ? ("include/$1" => 1) : () }
        grep { /\.c$/ } c_files($root);
    my @bad;
    for my $file ($only // grep { !$compiled{$_} } files($root, qr{^include/.*\.h$})) {
        my $r = run({ root => 1 }, split(' ', $ENV{CC} || 'cc'), qw(-std=gnu11 -Wall -Werror -fsyntax-only -x c),
            "-I$root/include", "-I" . ($ENV{RCAPI_BUILD} // "build") . "/gen", @flags, "$root/$file");
        push @bad, "$file: does not compile alone: $r->{err}" if $r->{exit};
    }
    return @bad;
}

1;
