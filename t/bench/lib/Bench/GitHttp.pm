# SPDX-License-Identifier: Apache-2.0
package Bench::GitHttp;

=head1 NAME

Bench::GitHttp - clone, fetch and push beside git-http-backend below the same httpd

=head1 SYNOPSIS

    Bench::GitHttp::repositories($bench);   # before the database is made
    Bench::GitHttp::prepare($bench);        # after that, before the server starts
    Bench::GitHttp::check($bench);
    Bench::GitHttp::loads($bench, $load);
    Bench::GitHttp::once($bench);           # what is too long for rounds
    Bench::GitHttp::report($bench, $load);

The peer is set up as git-http-backend(1) says, with mod_cgid, and asks nobody for a login; each of
our requests has a key. Bodies are those of a clone by git 2.39, sent by a client that only reads.

The server's processor time is that of httpd's serving children, of the processes that they waited
for (/proc/*/stat), of mod_cgid's daemon and of what t/bench/cost.c writes down about each CGI
program. A tick of /proc is 10 ms, so each case sums several requests.

=cut

use strict;
use warnings;
use Compress::Zlib ();
use Time::HiRes qw(time);
use Bench::Clients;
use Bench::History;
use Bench::Table;
use Bench::Views;
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Run qw(run spew);

my $REFS = 300;
my $CLONES = 60;      # of a farm that builds the same
my $SLOW = 200;
my $LARGE = 50_000_000;
my $COMMITS = 100;    # to be pushed in each of two ways, $PUSHES in a round
my $PUSHES = 6;
my %TYPE = map { $_ => { 'Content-Type' => "application/x-$_-request" } } qw(git-upload-pack git-receive-pack);

sub git { RCAPI::Git::git(@_) }
sub id { git($_[0], 'rev-parse', $_[1]) =~ s/\n//r }
sub repo_path { "$_[0]{dir}/data/repos/$_[1]" }

# --- repositories

# git: 300 references, one pack without bitmaps; kept: a copy that is maintained; pushed: another
# one, for pushes, which find nothing to maintain; large: one file of 50 MB.
sub repositories {
    my ($bench) = @_;
    my $git = repo_path($bench, 'git');
    Bench::History::make($git, files => 1500, commits => 4000);
    my @ids = Bench::History::ordinary($git, $REFS - 1);
    git($git, { stdin => join '', map { $_ % 2 ? "create refs/heads/topic/$_ $ids[$_]\n"
        : "create refs/tags/v$_ $ids[$_]\n" } 0 .. $#ids }, qw(update-ref --stdin));
    git($git, 'tag', '-f', '-m', "Release $_", "v$_", "v$_") for grep { $_ % 10 == 0 } 0 .. $#ids;
    git($git, qw(pack-refs --all));
    git($git, { timeout => 120 }, qw(-c repack.writeBitmaps=false repack -adq));
    system('cp', '-a', $git, repo_path($bench, $_)) == 0 or die "cp: $?\n" for qw(kept pushed);
    my $large = repo_path($bench, 'large');
    RCAPI::Git::git('.', qw(init -q --bare -b master), $large);
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!";
    read $random, my ($bytes), $LARGE;
    git($large, { stdin => "blob\nmark :1\ndata $LARGE\n$bytes\ncommit refs/heads/master\n"
        . "committer Carl <carl\@example.org> 1200000000 +0000\ndata 5\nlarge\nM 100644 :1 large.bin\n\ndone\n" },
        qw(-c core.compression=0 fast-import --quiet --done));
}

sub prepare {
    my ($bench) = @_;
    my $admin = sub {
        my $r = run({ timeout => 120 }, "$bench->{dir}/bin/rcapi-admin", '--data', $bench->{data}{data}, @_);
        die "rcapi-admin @_: $r->{err}$r->{out}" if $r->{exit} || $r->{signal} || $r->{out} =~ /"error": *"/;
    };
    $admin->(qw(maintain kept pushed));
    $admin->(qw(call grant_user_permission repoid:pushed userid:u2 perm:repository.write));
    system('cp', '-a', map { repo_path($bench, $_) } qw(pushed pushed-peer)) == 0 or die "cp: $?\n";
    my @bitmaps = glob repo_path($bench, 'kept') . '/objects/pack/*.bitmap';
    die "the maintained repository has no bitmaps\n" if !@bitmaps;
    $bench->{git} = { path => repo_path($bench, 'git'), made => {}, large => id(repo_path($bench, 'large'), 'HEAD'),
        objects => 0 + (git(repo_path($bench, 'git'), qw(count-objects -v)) =~ /^in-pack: (\d+)/m)[0] };
    my %ids = map { $_ => 1 } split /\n/, git($bench->{git}{path}, qw(for-each-ref --format=%(objectname)));
    $bench->{git}{wants} = [sort keys %ids];
    commits_to_push($bench);
}

# --- requests

sub pkt { join '', map { sprintf '%04x%s', 4 + length, $_ } @_ }
sub key { $_[0]{data}->key(2) }

# What identifies a side: prefix of its URLs and headers.
sub side {
    my ($bench, $side) = @_;
    return ('/rc', { 'X-Api-Key' => key($bench) }) if $side eq 'ours';
    return ("/$side", {}); # backend, or counted: by t/bench/cost.c
}

# A request of wrk's kind.
sub ask {
    my ($bench, $side, $version, $method, $path, $more, $body) = @_;
    my ($prefix, $key) = side($bench, $side);
    my %version = $version ? ('Git-Protocol' => "version=$version") : ();
    return [$method, "$prefix/$path", { %$key, %version, %{ $more // {} } }, $body];
}

sub info {
    my ($bench, $side, $version) = @_;
    return ask($bench, $side, $version, GET => 'git/info/refs?service=git-upload-pack');
}

sub ls_refs {
    my ($bench, $side) = @_;
    return ask($bench, $side, 2, POST => 'git/git-upload-pack', $TYPE{'git-upload-pack'},
        pkt('command=ls-refs', 'agent=git/2.39.5', 'object-format=sha1') . '0001' . pkt('peel', 'symrefs') . '0000');
}

sub fetch_body {
    my (@lines) = @_;
    return pkt("command=fetch", 'agent=git/2.39.5', 'object-format=sha1') . '0001'
        . pkt(map { "$_\n" } qw(thin-pack no-progress include-tag ofs-delta), @lines, 'done') . '0000';
}

# A whole clone. The body leaves out one of the references, whose commits come anyway: each time
# another one for a clone that nobody has asked for before (case $fresh).
sub clone_body {
    my ($bench, $fresh) = @_;
    my @wants = @{ $bench->{git}{wants} };
    splice @wants, $fresh ? 1 + $bench->{git}{made}{$fresh}++ % $#wants : 0, 1;
    return fetch_body(map { "want $_" } @wants);
}

sub shallow_body { return fetch_body('want ' . id($_[0]{git}{path}, 'HEAD'), 'deepen 1') }

# The text of a POST, as git sends it.
sub fetch_text {
    my ($bench, $side, $repo, $body) = @_;
    my ($prefix, $key) = side($bench, $side);
    my $zip = Compress::Zlib::memGzip($body);
    my %head = (%$key, %{ $TYPE{'git-upload-pack'} }, Host => 'localhost', Connection => 'close',
        'Git-Protocol' => 'version=2', 'Content-Encoding' => 'gzip', 'Content-Length' => length $zip);
    return "POST $prefix/$repo/git-upload-pack HTTP/1.1\r\n"
        . join('', map { "$_: $head{$_}\r\n" } sort keys %head) . "\r\n$zip";
}

# --- before the load

sub check {
    my ($bench) = @_;
    for my $version (0, 2) {
        my @a = map { answer($bench, info($bench, $_, $version)) } qw(ours backend);
        die "version $version: the references differ\n"
            if 1 < keys %{ { map { join(' ', /([0-9a-f]{40} \S+?)[\n\0]/g) => 1 } @a } };
        spew("$bench->{server}{dir}/htdocs/refs$version", 'x' x length $a[0]);
        $bench->{git}{size}[$version] = length $a[0];
    }
    my @a = map { answer($bench, ls_refs($bench, $_)) } qw(ours backend);
    die "ls-refs: the answers differ\n" if $a[0] ne $a[1];
    for my $side (qw(ours counted)) {
        Bench::Clients::drain($bench->{server}{port}, fetch_text($bench, $side, 'git', shallow_body($bench)));
    }
}

sub answer {
    my ($bench, $request) = @_;
    my ($method, $path, $headers, $body) = @$request;
    my $a = RCAPI::HTTP::request($bench->{server}{port}, $method, $path, headers => $headers, body => $body);
    die "$path: $a->{head}$a->{body}\n" if $a->status != 200;
    return $a->body;
}

# --- loads

sub loads {
    my ($bench, $load) = @_;
    my $static = sub { [[GET => "/refs$_[0]", {}]] };
    $load->add("refs$_", requests => [info($bench, 'ours', $_)]) for 0, 2;
    $load->add("static refs$_", requests => $static->($_)) for 0, 2;
    $load->add("ls-remote $_", requests => [info($bench, $_, 2), ls_refs($bench, $_)]) for qw(ours backend);
    $load->add('git ls-remote', code => sub { client_pairs($bench, 5, sub { ('ls-remote', $_[0]) }, 'git', 'git') });
    $load->add('clones', code => sub { clones($bench, $bench->{quick} ? 4 : 6) });
    $load->add('push', code => sub { pushes($bench, $PUSHES) });
    $load->add('git push', code => sub { client_pushes($bench, $PUSHES) });
    my $large = fetch_text($bench, 'ours', 'large', fetch_body("want $bench->{git}{large}"));
    $load->add('call alone, git', code => sub { Bench::Views::unhurried($bench) });
    Bench::Clients::drain($bench->{server}{port}, $large); # is kept
    $load->add('call beside clones', code => sub {
        Bench::Views::beside_readers($bench, $SLOW, $large, sub { Bench::Views::unhurried($bench) })
    });
}

# What clones cost: side, repository, kind of body, whether each is made anew.
my %CLONES = (
    first => ['ours', 'git', \&clone_body, 1], peer => ['counted', 'git', \&clone_body, 1],
    kept => ['ours', 'kept', \&clone_body, 1], kept_peer => ['counted', 'kept', \&clone_body, 1],
    again => ['ours', 'git', \&clone_body, 0],
    shallow => ['ours', 'git', \&shallow_body, 0], shallow_peer => ['counted', 'git', \&shallow_body, 1],
);

# Microseconds of processors for a request of each kind. They take turns, a few requests at a time,
# so that a bad second of the machine meets all of them.
sub clones {
    my ($bench, $turns) = @_;
    my ($port, %cost, %bytes) = $bench->{server}{port};
    for my $turn (1 .. $turns) {
        for my $kind ($turn % 2 ? sort keys %CLONES : reverse sort keys %CLONES) {
            my ($side, $repo, $body, $fresh) = @{ $CLONES{$kind} };
            my $n = $fresh ? 3 : 30;
            my @texts = map { fetch_text($bench, $side, $repo, $body->($bench, $fresh && $kind)) } 1 .. $n;
            Bench::Clients::drain($port, $texts[0]) if !$fresh; # is kept
            my $before = $bench->{server}->cost;
            $bytes{$kind} = Bench::Clients::drain($port, $_) for @texts;
            $cost{$kind} += ($bench->{server}->cost - $before) / $n / $turns;
        }
    }
    return { %cost, map { ("bytes $_" => $bytes{$_}) } keys %bytes };
}

# --- the git client, and pushes

sub client {
    my ($bench, @args) = @_;
    my $begin = time;
    my $r = run({ dir => "$bench->{dir}/client", env => { GIT_CONFIG_NOSYSTEM => 1, GIT_CONFIG_GLOBAL => '/dev/null',
        HOME => $bench->{dir}, GIT_TERMINAL_PROMPT => 0 } }, 'git', '-c', 'http.extraHeader=X-Api-Key: ' . key($bench),
        @args);
    die "git @args: $r->{err}" if $r->{exit} || $r->{signal};
    return 1e6 * (time - $begin);
}

sub median { Bench::Table::median(@_) }

# Runs git for both sides in turn; medians of their times and of the ratios.
sub client_pairs {
    my ($bench, $n, $args, @repos) = @_;
    return pairs($n, sub {
        my ($side) = @_;
        my $url = "http://127.0.0.1:$bench->{server}{port}" . (side($bench, $side))[0];
        return client($bench, $args->("$url/" . ($side eq 'ours' ? $repos[0] : $repos[1])));
    });
}

sub pairs {
    my ($n, $time) = @_;
    my (@ratios, %times);
    for my $i (1 .. $n) {
        my %t = map { $_ => $time->($_) } $i % 2 ? qw(ours backend) : qw(backend ours);
        push @ratios, $t{ours} / $t{backend};
        push @{ $times{$_} }, $t{$_} for keys %t;
    }
    return { ratio => median(@ratios), ours => median(@{ $times{ours} }), peer => median(@{ $times{backend} }) };
}

# A client's repository with two lines of commits after those of the server: one for pushes by bare
# HTTP, one for git's.
sub commits_to_push {
    my ($bench) = @_;
    my $git = $bench->{git};
    my $client = "$bench->{dir}/client";
    system('cp', '-a', $git->{path}, $client) == 0 or die "cp: $?\n";
    my $from = id($client, 'HEAD');
    for my $line (qw(bare by-git)) {
        git($client, { stdin => join '', map { "commit refs/heads/$line\n"
            . "committer Carl <carl\@example.org> 1700000$_ +0000\ndata 4\nwork" . ($_ == 100 ? "\nfrom $from" : '')
            . "\nM 100644 inline part01/$line.c\ndata 9\nline $_\n\n" } 100 .. 99 + $COMMITS },
            qw(fast-import --quiet));
        $git->{chain}{$line} = [$from, reverse split /\n/, git($client, 'rev-list', "$from..$line")];
        $git->{at}{$line} = 0;
    }
}

# Pushes the next commit of the chain to both sides, by two requests each.
sub pushes {
    my ($bench, $n) = @_;
    my $git = $bench->{git};
    my %repo = (ours => 'pushed', backend => 'pushed-peer');
    my (%at, %body);
    my $base = $git->{at}{bare};
    my $result = pairs($n, sub {
        my ($side) = @_;
        my ($old, $new) = @{ $git->{chain}{bare} }[$base + ($at{$side} // 0), $base + ++$at{$side}];
        $body{$new} //= push_body("$bench->{dir}/client", $old, $new);
        my $begin = time;
        answer($bench, ask($bench, $side, 0, GET => "$repo{$side}/info/refs?service=git-receive-pack"));
        my $report = answer($bench, ask($bench, $side, 0, POST => "$repo{$side}/git-receive-pack",
            $TYPE{'git-receive-pack'}, $body{$new}));
        die "push: $report\n" if $report !~ /unpack ok/ || $report !~ m{ok refs/heads/master};
        return 1e6 * (time - $begin);
    });
    $git->{at}{bare} += $n;
    return $result;
}

sub push_body {
    my ($client, $old, $new) = @_;
    my $pack = git($client, { stdin => "$new\n^$old\n" },
        qw(pack-objects --revs --thin --stdout -q --delta-base-offset));
    return pkt("$old $new refs/heads/master\0 report-status side-band-64k object-format=sha1 agent=git/2.39.5")
        . "0000$pack";
}

# The same by git, to another branch.
sub client_pushes {
    my ($bench, $n) = @_;
    my $git = $bench->{git};
    my %at;
    my $base = $git->{at}{'by-git'};
    my $result = client_pairs($bench, $n, sub {
        my ($url) = @_;
        return ('push', '-q', $url, $git->{chain}{'by-git'}[$base + ++$at{$url}] . ':refs/heads/by-git');
    }, 'pushed', 'pushed-peer');
    $git->{at}{'by-git'} += $n;
    return $result;
}

# --- once

# Equal clones that begin together, while nothing of them is kept.
sub once {
    my ($bench) = @_;
    for my $side (qw(ours backend counted)) {
        my $text = fetch_text($bench, $side, 'git', clone_body($bench, 'first'));
        my $server = $bench->{server};
        my $before = $server->cost;
        my $seen = Bench::Clients::watch($server, ($text) x $CLONES);
        $bench->{git}{farm}{$side} = { %$seen, cost => $server->cost - $before };
    }
}

# --- the table

sub report {
    my ($bench, $load) = @_;
    my ($table, $git) = ($bench->{table}, $bench->{git});
    $table->head("git over HTTP / git-http-backend (mod_cgid); $git->{objects} objects, $REFS references");
    report_refs($table, $git, $load);
    report_costs($table, $load);
    for my $what (['push', 'push of one commit by bare HTTP'], ['git push', 'push of one commit by git']) {
        $table->row("$what->[1], wall", [$load->values($what->[0], 'ratio')], '<=', 1.1,
            note => both_times($load, $what->[0]));
    }
    $table->row("p99 of 'test' beside $SLOW slow clones of 50 MB",
        [map { $_ / 1000 } $load->values('call beside clones', 'p99')], '<=', 50, unit => 'ms', format => '%.1f',
        note => sprintf '%.1f ms alone', median($load->values('call alone, git', 'p99')) / 1000);
    report_farm($table, $git->{farm});
}

sub both_times {
    my ($load, $name) = @_;
    return sprintf '%.0f ms, peer %.0f ms', map { median($load->values($name, $_)) / 1000 } qw(ours peer);
}

sub report_refs {
    my ($table, $git, $load) = @_;
    my $rate = sub { sprintf '%.0f/s', median($load->values($_[0], 'rate')) };
    for my $version (2, 0) {
        $table->row("info/refs, version $version, rate / static file",
            [$load->ratios("refs$version", "static refs$version", 'rate')], '>=', 0.5,
            note => join ', ', $rate->("refs$version"), 'static ' . $rate->("static refs$version"),
            "$git->{size}[$version] bytes");
    }
    $table->row('requests of ls-remote, rate', [$load->ratios('ls-remote ours', 'ls-remote backend', 'rate')],
        '>=', 10, format => '%.1f', note => $rate->('ls-remote ours') . ', peer ' . $rate->('ls-remote backend'));
    $table->row('git ls-remote, wall', [$load->values('git ls-remote', 'ratio')], '<=', undef,
        note => both_times($load, 'git ls-remote'));
}

sub report_costs {
    my ($table, $load) = @_;
    my @rows = (
        ['first clone', 'first', 'peer', 1.05],
        ['first clone, maintained / not maintained', 'kept', 'peer', 0.45],
        ['first clone, both maintained', 'kept', 'kept_peer'],
        ['clone again', 'again', 'peer', 0.05],
        ['clone --depth 1 again', 'shallow', 'shallow_peer', 0.05],
    );
    for my $row (@rows) {
        my ($what, $ours, $peer, $budget) = @$row;
        my ($cost, $peers, $bytes) = map { [$load->values('clones', $_)] } $ours, $peer, "bytes $ours";
        $table->row("$what, processor time", [map { $cost->[$_] / $peers->[$_] } 0 .. $#$cost], '<=', $budget,
            format => '%.3f', note => sprintf '%.1f ms, peer %.1f ms; %.1f MB', median(@$cost) / 1000,
            median(@$peers) / 1000, median(@$bytes) / 1e6);
    }
}

sub report_farm {
    my ($table, $farm) = @_;
    my ($ours, $peer, $counted) = @$farm{qw(ours backend counted)};
    my $row = sub {
        my ($what, $value, $note) = @_;
        $table->row("$CLONES equal clones at once, $what", [$value], '<=', undef, format => '%.3f', note => $note);
    };
    $row->('answered by a clone', $ours->{served} / $peer->{served}, "$ours->{served}, peer $peer->{served}");
    $row->('wall', $ours->{wall} / $peer->{wall}, sprintf '%.1f s, peer %.1f s', $ours->{wall}, $peer->{wall});
    $row->('processor time', $ours->{cost} / $counted->{cost}, '');
    $row->('git processes', $ours->{programs} / $peer->{programs}, "$ours->{programs}, peer $peer->{programs}");
    $row->('most memory', $ours->{memory} / $peer->{memory}, sprintf '%.0f MiB, peer %.0f MiB',
        map { $_->{memory} / 1024 } $ours, $peer);
}

1;
