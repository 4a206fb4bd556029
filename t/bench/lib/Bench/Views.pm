# SPDX-License-Identifier: Apache-2.0
package Bench::Views;

=head1 NAME

Bench::Views - patches, files, archives and feeds beside static files, git, cgit and gitweb

=head1 SYNOPSIS

    Bench::Views::repositories($bench);   # more of them, before the database is made
    Bench::Views::loads($bench, $load);
    Bench::Views::report($bench, $load);

C<< $bench->{want} >> says which groups: patch, files, archives, feeds, slow.

=cut

use strict;
use warnings;
use POSIX ();
use Time::HiRes ();
use Bench::History;
use Bench::Table;
use RCAPI::Git;
use RCAPI::HTTP;
use RCAPI::Run qw(run slurp spew);
use RCAPI::Slow;

my %FORMATS = ( # git's name, how much faster than it, how much larger
    tar => ['tar', 1.0],
    'tar.gz' => ['tar.gz', 1.5, 1.02],
    zip => ['zip', 1.0],
);
my $READERS = 1000;
my @CONNECTIONS = (16, 64); # of archives that are sent again

# --- what is asked

# A repository with a small, a large and a very large file.
sub repositories {
    my ($bench) = @_;
    return unless $bench->{want}{files} || $bench->{want}{svn} || $bench->{want}{hg}; # compared with git's
    my $path = "$bench->{dir}/data/repos/files";
    my $work = "$bench->{dir}/files";
    RCAPI::Git::init($work);
    spew("$work/small.txt", 'x' x 1000 . "\n");
    spew("$work/text.txt", join '', map { sprintf "line %d of a text that says %x in many words\n", $_, $_ * 7919 }
        1 .. 200_000);
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!";
    read $random, my $bytes, 50_000_000;
    spew("$work/large.bin", $bytes);
    RCAPI::Git::git($work, @$_) for [qw(add .)], [qw(commit -q -m files)], ['clone', '-q', '--bare', '.', $path],
        [qw(-C), $path, qw(repack -adfq)];
    system('rm', '-rf', $work);
    my $id = RCAPI::Git::git($path, qw(rev-parse HEAD)) =~ s/\n//r;
    $bench->{files} = { name => 'files', path => $path, ids => [$id] };
}

sub key { 'api_key=' . $_[0]{data}->key(2) }

# Requests for a view of repository $repo: one for each thing.
sub ours {
    my ($bench, $repo, $view, @things) = @_;
    return [map { [GET => "/rc/$repo->{name}/$view" . ($_ ? "/$_" : '') . '?' . key($bench), {}] } @things];
}

sub cgit { my ($repo, $page, @things) = @_; return [map { [GET => "/cgit/$repo->{name}/$page$_", {}] } @things] }
sub gitweb { my ($repo, @things) = @_; return [map { [GET => "/gitweb?p=$repo->{name};a=$_", {}] } @things] }

# Rows: group, what, clients, requests, then peers: name => [requests, sign, budget, budget of the p99s' ratio].
sub rows {
    my ($bench) = @_;
    my @repos = @{ $bench->{repos} };
    my $files = $bench->{files};
    my @rows;
    for my $repo (@repos) {
        my @ids = @{ $repo->{ids} };
        push @rows, ['patch', "$repo->{name}: patch", 4, ours($bench, $repo, 'changeset-patch', @ids),
            cgit => [cgit($repo, 'patch/?id=', @ids)],
            gitweb => [gitweb($repo, map { "commitdiff_plain;h=$_" } @ids)]];
        push @rows, ['feeds', "$repo->{name}: atom", 4, ours($bench, $repo, 'feed', 'atom'),
            cgit => [cgit($repo, 'atom/', ''), '>=', 3.5], gitweb => [gitweb($repo, 'atom')]];
    }
    return @rows unless $files;
    my ($id) = @{ $files->{ids} };
    my ($small, $large) = map { ours($bench, $files, "raw/$id", $_) } qw(small.txt large.bin);
    my $static = sub { [[GET => "/$_[0]", {}]] };
    my $unchanged = [[@{ $large->[0] }[0, 1], { 'If-None-Match' => $bench->{tag} }]];
    my @many = $bench->{quick} ? () : (
        ['files', 'raw file of 1 KB, 64 clients', 64, $small, static => [$static->('small.txt'), '>=', 1.0, 1.2]],
        ['files', '304 of a file of 50 MB, 64 clients', 64, $unchanged,
            static => [$static->('small.txt'), '>=', 1.2, 1.2]],
        ['files', '304 of a file of 50 MB, 1 client', 1, $unchanged, static => [$static->('small.txt'), '>=', 0.9]]);
    return @rows, @many,
        ['files', 'raw file of 1 KB', 16, $small,
            static => [$static->('small.txt'), '>=', 1.0, 1.2],
            cgit => [cgit($files, 'plain/small.txt?id=', $id), '>=', 20],
            gitweb => [gitweb($files, "blob_plain;f=small.txt;hb=$id")]],
        # before the large files: their broken connections would be part of its first moments
        ['files', '304 of a file of 50 MB', 16, $unchanged, static => [$static->('small.txt'), '>=', 1.2, 1.2]],
        ['files', 'raw file of 10 MB, text', 2, ours($bench, $files, "raw/$id", 'text.txt'),
            static => [$static->('text.txt')], cgit => [cgit($files, 'plain/text.txt?id=', $id), '>=', 1.4]],
        ['files', 'raw file of 50 MB, random', 2, $large,
            static => [$static->('large.bin')], cgit => [cgit($files, 'plain/large.bin?id=', $id), '>=', 1.4]];
}

sub installed {
    my ($bench, $peer) = @_;
    return $peer eq 'static' || $bench->{$peer};
}

sub missing {
    my ($bench, $peer) = @_;
    return $bench->{quick} && $peer eq 'gitweb' ? 'left out by QUICK' : 'not installed';
}

# --- before the load

sub check {
    my ($bench) = @_;
    my $server = $bench->{server};
    if (my $files = $bench->{files}) {
        for my $name (qw(small.txt text.txt large.bin)) {
            my $text = RCAPI::Git::git($files->{path}, 'cat-file', 'blob', "HEAD:$name");
            spew("$server->{dir}/htdocs/$name", $text);
            my $a = send_one($bench, ours($bench, $files, "raw/$files->{ids}[0]", $name)->[0]);
            die "raw/$name: $a->{head}" if $a->body ne $text;
            $bench->{tag} = $a->header('ETag');
        }
    }
    for my $row (grep { $bench->{want}{ $_->[0] } } rows($bench)) {
        my ($group, $what, undef, $requests, %peers) = @$row;
        for my $list ($requests, map { installed($bench, $_) ? $peers{$_}[0] : () } sort keys %peers) {
            my $a = send_one($bench, $list->[0]);
            die "$what: $list->[0][1]: $a->{head}" if $a->status !~ /^(?:200|304)$/;
        }
    }
}

sub send_one {
    my ($bench, $request) = @_;
    my ($method, $path, $headers) = @$request;
    return RCAPI::HTTP::request($bench->{server}{port}, $method, $path, headers => $headers);
}

# --- loads

sub loads {
    my ($bench, $load) = @_;
    for my $row (grep { $bench->{want}{ $_->[0] } } rows($bench)) {
        my (undef, $what, $clients, $requests, %peers) = @$row;
        my %opt = (connections => $clients, seconds => $load->{seconds} * ($clients < 16 ? 2 : 1));
        $load->add($what, %opt, requests => $requests);
        for my $peer (grep { installed($bench, $_) } sort keys %peers) {
            # a page of gitweb's takes a second
            $load->add("$what $peer", %opt, requests => $peers{$peer}[0], $peer eq 'gitweb' ? (seconds => 4) : ());
        }
    }
    my ($repo) = @{ $bench->{repos} };
    archive_loads($bench, $load, $repo) if $bench->{want}{archives};
    $load->add("$repo->{name} format-patch", code => sub {
        my @pairs = pairs($bench, $repo, '127.0.0.1', 'changeset-patch/%s',
            [qw(format-patch --stdout --full-index --binary -1)], @{ $repo->{ids} });
        return { ratio => Bench::Table::median(map { $_->[1] / $_->[0] } @pairs),
            p50 => Bench::Table::median(map { $_->[0] } @pairs) };
    }) if $bench->{want}{patch};
    slow_load($bench, $load) if $bench->{want}{slow};
}

# [our microseconds, git's, our bytes, git's] for each commit.
sub pairs {
    my ($bench, $repo, $host, $url, $git, @ids) = @_;
    my $lines = join '', map { "$_ /rc/$repo->{name}/" . sprintf($url, $_) . '?' . key($bench) . "\n" } @ids;
    my $r = run({ stdin => $lines, timeout => 300 }, "$bench->{dir}/bin/pairs", $bench->{server}{port}, $host, 'git',
        '-C', $repo->{path}, @$git);
    die "pairs: $r->{err}" if $r->{exit} || $r->{signal};
    return map { [split] } split /\n/, $r->{out};
}

# Microseconds of processor time of this process's children that have ended.
sub children_cpu { my @t = POSIX::times(); return 1e6 * ($t[3] + $t[4]) / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

# The host "uncached" keeps no archives; what is repeated is one that was kept.
sub archive_loads {
    my ($bench, $load, $repo) = @_;
    my $prefix = "--prefix=$repo->{name}-0123456789ab/";
    my $n = $bench->{quick} ? 2 : 4;
    for my $format (sort keys %FORMATS) {
        my @fresh = @{ $repo->{ids} };
        $load->add("first $format", code => sub {
            my ($ours, $gits) = ($bench->{server}->cpu, children_cpu());
            my @pairs = pairs($bench, $repo, 'uncached', "archive/%s.$format",
                ['archive', $prefix, "--format=$FORMATS{$format}[0]"], splice @fresh, 0, $n);
            return { ratio => Bench::Table::median(map { $_->[1] / $_->[0] } @pairs),
                p50 => Bench::Table::median(map { $_->[0] } @pairs),
                cpu => ($bench->{server}->cpu - $ours) / $n, git_cpu => (children_cpu() - $gits) / $n,
                bytes => $pairs[0][2], larger => Bench::Table::median(map { $_->[2] / $_->[3] } @pairs) };
        });
    }
    my $again = ours($bench, $repo, 'archive', "$repo->{ids}[-1].tar.gz");
    my $size = length send_one($bench, $again->[0])->body;
    spew("$bench->{server}{dir}/htdocs/$_", 'x' x $size) for qw(archive archive.sent);
    for my $c (@CONNECTIONS) {
        $load->add("archive again $c", connections => $c, requests => $again);
        $load->add("archive static $c", connections => $c, requests => [[GET => '/archive', {}]]);
        $load->add("archive sendfile $c", connections => $c, requests => [[GET => '/archive.sent', {}]]);
    }
    for my $peer (grep { $bench->{$_} } qw(cgit gitweb)) { # made anew for each request
        my $id = $repo->{ids}[0];
        my $url = $peer eq 'cgit' ? "/cgit/$repo->{name}/snapshot/$id.tar.gz"
            : "/gitweb?p=$repo->{name};a=snapshot;h=$id;sf=tgz";
        $load->add("archive $peer", code => sub {
            my $start = Time::HiRes::time();
            my $a = send_one($bench, [GET => $url, {}]);
            die "$url: $a->{head}" if $a->status != 200 || length $a->body < $size / 2;
            return { p50 => 1e6 * (Time::HiRes::time() - $start) };
        });
    }
}

# A small call, alone and beside readers of an archive that hardly read.
sub slow_load {
    my ($bench, $load) = @_;
    $load->add('call alone', code => sub { unhurried($bench) });
    return if POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < 3 * $READERS;
    my $path = ours($bench, $bench->{repos}[0], 'archive', "$bench->{repos}[0]{ids}[-1].tar")->[0][1];
    RCAPI::HTTP::request($bench->{server}{port}, GET => $path)->status == 200 or die "no archive\n"; # made once
    my $request = "GET $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    $load->add('call beside', code => sub { beside_readers($bench, $READERS, $request, sub { unhurried($bench) }) });
}

# One call after the other, each by a connection of its own and with a pause before it: a client that
# takes all of the processor would wait for its own turn.
sub unhurried {
    my ($bench) = @_;
    my @times;
    for (1 .. 1000) {
        my ($method, $path, $headers, $body) = @{ $bench->{calls}{test}[$_ % @{ $bench->{calls}{test} }] };
        my $start = Time::HiRes::time();
        my $a = RCAPI::HTTP::request($bench->{server}{port}, $method, $path, headers => $headers, body => $body);
        push @times, 1e6 * (Time::HiRes::time() - $start);
        die "call: status $a->{status}\n" if $a->status != 200;
        Time::HiRes::sleep(0.001);
    }
    return { p99 => (sort { $a <=> $b } @times)[0.99 * @times] };
}

# Runs $code while a process reads the answers to $readers equal requests slowly.
sub beside_readers {
    my ($bench, $readers, $request, $code) = @_;
    pipe my $ready, my $say or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $slow = RCAPI::Slow->new($bench->{server}{port}, $readers, $request);
        syswrite $say, $slow->all_served . "\n";
        for (my $i = 0; getppid != 1; $i = ($i + 20) % $readers) { # each sips in turn
            $slow->sip($i .. $i + 19);
            select undef, undef, undef, 0.04;
        }
        POSIX::_exit(0);
    }
    close $say;
    my $served = <$ready> // 0;
    my $result = eval { $code->() };
    my $error = $@;
    kill KILL => $pid;
    waitpid $pid, 0;
    die $error if !$result;
    die "$served readers are served, not $readers\n" if $served != $readers;
    return $result;
}

# --- the table

my %TITLES = (patch => 'Patches', files => 'Files', feeds => 'Feeds');

sub report {
    my ($bench, $load) = @_;
    for my $group (grep { $bench->{want}{$_} } qw(patch files feeds)) {
        $bench->{table}->head("$TITLES{$group}, rates");
        report_row($bench, $load, @$_[1 .. $#$_]) for grep { $_->[0] eq $group } rows($bench);
        report_patch($bench, $load) if $group eq 'patch';
    }
    report_archives($bench, $load) if $bench->{want}{archives};
    report_slow($bench, $load) if $bench->{want}{slow};
}

# "5000/s of 80 us, static 9000/s of 40 us": rate and the children's processor time for a request.
sub speeds {
    my ($load, @named) = @_;
    my @texts;
    while (my ($word, $name) = splice @named, 0, 2) {
        my ($rate, $cpu) = map { Bench::Table::median($load->values($name, $_)) } qw(rate cpu);
        push @texts, sprintf '%s%.0f/s of %.0f us', $word, $rate, $cpu;
    }
    return join ', ', @texts;
}

sub rate { my ($load, $name) = @_; return sprintf '%.4g/s', Bench::Table::median($load->values($name, 'rate')) }

sub report_row {
    my ($bench, $load, $what, undef, undef, @peers) = @_;
    while (my ($peer, $row) = splice @peers, 0, 2) {
        my (undef, $sign, $budget, $tail) = @$row;
        if (installed($bench, $peer)) {
            $bench->{table}->row("$what / $peer", [$load->ratios($what, "$what $peer", 'rate')], $sign, $budget,
                note => speeds($load, '', $what, "$peer ", "$what $peer"),
                $peer eq 'static' ? (cost => [map { $load->counts($_) } $what, "$what $peer"]) : ());
            $bench->{table}->row('... p99', [$load->ratios($what, "$what $peer", 'p99')], '<=', $tail) if $tail;
        } else {
            $bench->{table}->skip("$what / $peer", missing($bench, $peer));
        }
    }
}

sub report_patch {
    my ($bench, $load) = @_;
    my $name = "$bench->{repos}[0]{name} format-patch";
    $bench->{table}->row('faster than a git process', [$load->values($name, 'ratio')], '>=', 4, format => '%.1f',
        note => milliseconds($load, $name));
}

sub milliseconds {
    my ($load, $name) = @_;
    return sprintf '%.3g ms', Bench::Table::median($load->values($name, 'p50')) / 1000
}

sub report_archives {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    $table->head("Archives of repository '$bench->{repos}[0]{name}'");
    for my $format (sort keys %FORMATS) {
        my ($git, $faster, $larger) = @{ $FORMATS{$format} };
        my $name = "first $format";
        $table->row("$format: git archive's time / the first request's", [$load->values($name, 'ratio')], '>=',
            $faster,
            note => sprintf '%s, %.0f of CPU, git %.0f of CPU; %.1f MB', milliseconds($load, $name),
                map { Bench::Table::median($load->values($name, $_->[0])) / $_->[1] } ['cpu', 1e3], ['git_cpu', 1e3],
                ['bytes', 1e6]);
        $table->row("$format: size / git's", [$load->values($name, 'larger')], '<=', $larger, format => '%.3f');
    }
    for my $peer (qw(cgit gitweb)) {
        my $what = "tar.gz: ${peer}'s time / the first request's";
        $bench->{$peer} ? $table->row($what, [$load->ratios("archive $peer", 'first tar.gz', 'p50')], '>=', undef,
            note => "$peer " . milliseconds($load, "archive $peer"))
            : $table->skip($what, missing($bench, $peer));
    }
    for my $c (@CONNECTIONS) {
        for my $peer (['static', 'static file'], ['sendfile', 'static file with EnableSendfile']) {
            my ($name, $what) = ("archive $peer->[0] $c", "$peer->[1], $c clients");
            my $again = "archive again $c";
            $table->row("rate of a repeated one / $what", [$load->ratios($again, $name, 'rate')], '>=', 0.95,
                note => speeds($load, '', $again, "$peer->[0] ", $name));
        }
    }
}

sub report_slow {
    my ($bench, $load) = @_;
    my $table = $bench->{table};
    my $what = "p99 of the call 'test' beside $READERS slow readers of an archive";
    $table->head('Slow readers');
    my $alone = sprintf '%.1f ms alone', Bench::Table::median($load->values('call alone', 'p99')) / 1000;
    return $table->skip($what, 'needs ulimit -n ' . 3 * $READERS)
        if POSIX::sysconf(POSIX::_SC_OPEN_MAX()) < 3 * $READERS;
    $table->row($what, [map { $_ / 1000 } $load->values('call beside', 'p99')], '<=', 50, unit => 'ms',
        format => '%.1f', note => $alone);
}

1;
