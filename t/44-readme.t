# SPDX-License-Identifier: Apache-2.0
#
# What the README shows can be pasted: the lines of "A session" and "For build farms" are run, in
# their order, against the server of make run, and print what stands below them.
use strict;
use warnings;
use Cwd ();
use File::Temp;
use Test::More;
use lib 't/lib';
use RCAPI::Run qw(run slurp spew);
use RCAPI::Server;

my $temp = File::Temp->newdir('rcapi-XXXXXX', TMPDIR => 1);
my $build = File::Spec->rel2abs($ENV{RCAPI_BUILD} || 'build');
my $home = Cwd::getcwd();
chmod 0755, $temp;
mkdir "$temp/$_" for qw(work home);
my $port = start();
END { local $?; run({ root => 1, dir => $home, env => { DATA => "$temp/work/var" } }, 'sh', 'conf/run', 'stop') if $temp }

# Commands of a section: [command, what it prints]. A backslash at the end continues a command.
sub commands {
    my ($title) = @_;
    my ($section) = slurp('README.md') =~ /^## \Q$title\E\n(.*?)^## /ms or die "no section $title\n";
    my @found;
    for (grep { s/^    // } split /\n/, $section =~ s/\\\n\s*/ /gr) {
        if (s/^\$ //) {
            push @found, [$_, ''];
        } else {
            $found[-1][1] .= "$_\n";
        }
    }
    return grep { $_->[0] !~ /^make / } @found;
}

# Runs them in one shell, and compares what they print; "..." stands for anything.
sub try {
    my ($title, $options) = @_;
    my @commands = commands($title);
    my $script = join '', map { "echo '#### next'\n$_->[0]\n" } @commands;
    $script =~ s/127\.0\.0\.1:8080/127.0.0.1:$port/g;
    $script =~ s{build/bin/}{$build/bin/}g;
    spew("$temp/script", "set -eu\n$options\n$script");
    my $r = run({ root => 1, dir => "$temp/work", timeout => 120, env => environment() }, 'bash', "$temp/script");
    is($r->{exit}, 0, "$title: every command succeeds") or diag($r->{out}, $r->{err});
    my (undef, @said) = split /^#### next\n/m, $r->{out}, -1;
    for my $i (0 .. $#commands) {
        my $want = join '.*', map { quotemeta } split /\.\.\./, $commands[$i][1] =~ s/\.\.\.\n\z/.../r;
        like(($said[$i] // 'nothing') =~ s/\r//gr, qr/^$want/s, $commands[$i][0]) if $commands[$i][1] ne '';
    }
}

sub environment {
    return { HOME => "$temp/home", GIT_COMMITTER_NAME => 'Carl', GIT_COMMITTER_EMAIL => 'carl@example.org', GIT_CONFIG_NOSYSTEM => 1 };
}

sub git {
    my $r = run({ root => 1, dir => "$temp/work", env => environment() }, 'git', @_);
    die "git @_: $r->{err}" if $r->{exit};
    return $r->{out};
}

sub start {
    my ($port, $r);
    for (1 .. 5) {
        $port = RCAPI::Server::free_port();
        $r = run({ root => 1, timeout => 120, env => { DATA => "$temp/work/var", PORT => $port, WHITELIST => undef } }, 'sh', 'conf/run', 'start');
        last if $r->{err} !~ /Address already in use/;
    }
    is($r->{exit}, 0, 'make run') or diag($r->{out}, $r->{err});
    return $port;
}

try('A session', '');

spew("$temp/home/.gitconfig", "[safe]\n\tdirectory = *\n"); # the demo may be another account's
git('clone', '-q', 'var/repos/demo', 'clone');
my $newest = git('-C', 'clone', 'log', '-1', '--format=%T %an %ae %ad %B');
git('-C', 'clone', 'reset', '-q', '--hard', 'HEAD~1');
git('clone', '-q', 'clone', 'before');
try('For build farms', 'set -o pipefail');
is(git('-C', 'clone', 'log', '-1', '--format=%T %an %ae %ad %B'), $newest, 'git am recreates the commit');
git('-C', 'before', 'apply', '--index', "$temp/work/tip.diff");
is(git('-C', 'before', 'write-tree') =~ s/\n//r, (split ' ', $newest)[0], 'git apply its content');
is(slurp("$temp/work/Makefile"), git('-C', 'clone', 'show', 'HEAD:Makefile'), 'the file is there after a 304');
like(slurp("$temp/work/feed.xml"), qr/<feed /, 'so is the feed');
is((grep { /Makefile|feed\/atom/ && / 304 / } split /\n/, slurp("$temp/work/var/logs/access_log")), 2, 'both were asked for again');

# What was interrupted goes on.
my $whole = slurp("$temp/work/v1.0.tar.gz");
truncate "$temp/work/v1.0.tar.gz", 100;
my ($again) = grep { /wget.*gz/ } map { $_->[0] } commands('For build farms');
is(run({ root => 1, dir => "$temp/work", env => { HOME => "$temp/home", URL => "http://127.0.0.1:$port" } }, 'sh', '-c', $again)->{exit}, 0, 'wget again');
ok(slurp("$temp/work/v1.0.tar.gz") eq $whole, 'has the rest');
like(slurp("$temp/work/var/logs/access_log"), qr{v1\.0\.tar\.gz \S+ 206 }, 'and only that was sent');
is(run({ root => 1, dir => "$temp/work" }, 'gzip', '-t', 'v1.0.tar.gz')->{exit}, 0, 'it is sound');

done_testing;
