# SPDX-License-Identifier: Apache-2.0
# Two servers change one repository at once: pushes, strips, pulls, renames and deletions, each through either of
# them. What was acknowledged happened as if one after the other: each branch has one writer, who finds in each
# answer, and at the end on the disk and in the journal, what came of their own changes and of the deletions.
# RCAPI_ROUNDS=all: 10,000 changes. SEED=N: another order.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use POSIX ();
use RCAPI::Git;
use RCAPI::PostgreSQL;
use RCAPI::Run qw(patiently rounds slurp spew);
use RCAPI::Test;

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $WRITERS = 3;
my $ROUNDS = $ENV{RCAPI_CHANGES} // rounds(10, 10_000 / ($WRITERS + 1));
my $COMMITS = 40; # on each branch, at most
my $NONE = '0' x 40;
my $seed = $ENV{SEED} // 1;
note("SEED=$seed");

# Locks of directories hold on one "machine" each.
my %with = (children => 1, threads => 12, start => 0,
    directives => "RcapiMaintenance Off\nRcapiRemoteMax 50 50\n"); # all may wait for locks
my $one = RCAPI::Test->new(pg => RCAPI::PostgreSQL->new, %with);
plan skip_all => 'built without libpq' if slurp($one->program('rcapi-admin')) !~ /pg_advisory_xact_lock/;
my $two = RCAPI::Test->new(beside => $one, %with);
my @nodes = ($one, $two);
RCAPI::Test::on_nfs(@nodes);
$_->start for @nodes;

# A chain of commits for all branches, and a remote that has the first of them.
my $work = "$one->{dir}/scratch/work";
RCAPI::Git::init($work);
RCAPI::Git::history($work, $COMMITS, $seed);
my @chain = reverse split /\n/, $one->git($work, qw(rev-list --first-parent HEAD));
my $remote = "$one->{dir}/scratch/remote";
$one->git($one->{dir}, qw(init -q --bare), $remote);
$one->git($work, qw(push -q), $remote, "$chain[0]:refs/heads/upstream");

sub create {
    my ($node) = @_;
    my %new = (repo_name => 'a', repo_type => 'git', clone_uri => "file://$remote");
    return $node->call(create_repo => \%new)->{error};
}

# Counters that all processes see: deletions that were begun, and that were acknowledged.
my $counters = "$one->{dir}/scratch/counters";
spew($counters, pack 'L2', 0, 0);
sub counter {
    my ($at, $value) = @_;
    open my $file, '+<', $counters or die $!;
    sysseek $file, 4 * $at, 0;
    return syswrite $file, pack('L', $value) if defined $value;
    sysread $file, my $bytes, 4;
    return unpack 'L', $bytes;
}
sub begun { counter(0, @_) }
sub acknowledged { counter(1, @_) }

# --- one branch and its writer

sub pkt { sprintf '%04x%s', 4 + length $_[0], $_[0] }

# The commit of a branch as a node shows it to git clients; undef: no branch. Looks for both names. A repository
# that is deleted is missing until it is made anew, which takes seconds while all others look for it.
sub read_branch {
    my ($branch) = @_;
    my @found;
    my $look = sub {
        my $node = $nodes[rand @nodes];
        for my $name (qw(a b)) {
            my $answer = $node->get("/$name/info/refs?service=git-receive-pack", headers => key());
            next if $answer->status != 200;
            @found = ($answer->body =~ m{(\w{40}) refs/heads/$branch\b} ? $1 : undef, $name);
            last;
        }
        return scalar @found;
    };
    patiently(60, $look) or die "no repository\n";
    return @found;
}

sub key { [@_, 'X-Api-Key' => $one->key('admin')] }

# Pushes: true when it was acknowledged, false when refused, undef when nobody knows.
sub push_to {
    my ($name, $branch, $old, $new) = @_;
    my $pack = $one->git($work, { stdin => "$new\n" . ($old eq $NONE ? '' : "^$old\n") },
        qw(pack-objects --revs --stdout -q));
    my $body = pkt("$old $new refs/heads/$branch\0report-status") . '0000' . $pack;
    my $answer = $nodes[rand @nodes]->get("/$name/git-receive-pack", method => 'POST', body => $body,
        headers => key('Content-Type' => 'application/x-git-receive-pack-request'));
    return 1 if $answer->status == 200 && $answer->body =~ m{ok refs/heads/$branch};
    return 0 if $answer->status =~ /^(?:404|403|503)$/ || $answer->body =~ /\bng |unpack /;
    return;
}

sub call_any { $nodes[rand @nodes]->call(@_) }

# Makes changes to the branch; prints a line for each thing that cannot be, and for each acknowledged change.
sub write_branch {
    my ($n, $to) = @_;
    srand $seed * 100 + $n;
    my $branch = "w$n";
    my @may = (undef);            # what the branch can be: a place in the chain, or undef
    my ($from, $until) = (0, 0);  # acknowledged deletions before, and begun ones after the last change
    for (1 .. $ROUNDS) {
        my $before = acknowledged();
        my ($id, $name) = read_branch($branch);
        my $after = begun();
        my ($at) = defined $id ? grep { $chain[$_] eq $id } 0 .. $#chain : undef;
        my @can = $before > $until ? () : @may;     # a deletion has come since for certain
        push @can, undef if $after > $from;         # ... or perhaps
        my $shown = join ',', map { $_ // 'none' } @can;
        print $to "wrong: $branch is " . ($at // 'none') . " instead of $shown\n"
            if !grep { ($_ // -1) == ($at // -1) } @can;
        @may = ($at);
        $from = $before;
        my $what = rand;
        if ($what < 0.5 || !defined $at || !$at) {
            my $new = defined $at ? ($at + 1) % @chain : int rand 3;
            my $done = $new ? push_to($name, $branch, $id // $NONE, $chain[$new]) : 0;
            print $to "done push\n" if $done;
            @may = $done ? ($new) : defined $done ? ($at) : ($at, $new);
        } elsif ($what < 0.75) {
            my $error = call_any(strip => { repoid => $name, revision => $id, branch => $branch })->{error};
            print $to "done strip\n" if !defined $error;
            @may = !defined $error ? ($at - 1) : ($at);
        } else {
            my $error = call_any(update_repo => { repoid => $name, repo_name => $name eq 'a' ? 'b' : 'a' })->{error};
            print $to "done rename\n" if !defined $error;
        }
        $until = begun();
    }
    print $to "last $branch $from $until " . join(',', map { $_ // 'none' } @may) . "\n";
}

# Pulls, deletes and creates.
sub keep {
    my ($to) = @_;
    srand $seed * 100 + 99;
    for (1 .. $ROUNDS) {
        my (undef, $name) = read_branch('x');
        if (rand() < 0.7) {
            print $to "done pull\n" if !defined call_any(pull => { repoid => $name })->{error};
            next;
        }
        begun(begun() + 1);
        my $error = call_any(delete_repo => { repoid => $name })->{error};
        if (defined $error) { # nothing was deleted
            begun(begun() - 1);
            next;
        }
        print $to "done delete\n";
        acknowledged(acknowledged() + 1);
        $error = create($nodes[rand @nodes]);
        print $to "wrong: create_repo: $error\n" if defined $error;
    }
}

is(create($one), undef, 'a repository');
my @lines = run_all(map { my $n = $_; sub { write_branch($n, @_) } } 1 .. $WRITERS);
sub run_all {
    my (@files, @pids);
    for my $work (@_, \&keep) {
        push @files, "$one->{dir}/scratch/said" . @files;
        push @pids, fork // die "fork: $!";
        next if $pids[-1];
        open my $to, '>', $files[-1] or die $!;
        $to->autoflush;
        eval { $work->($to); 1 } or print $to "wrong: $@";
        close $to;
        POSIX::_exit(0);
    }
    waitpid $_, 0 for @pids;
    return map { split /^/, slurp($_) } @files;
}

is(join('', grep { /^wrong/ } @lines), '', 'each answer fits to what was acknowledged before');
my %done;
$done{$_}++ for map { /^done (\w+)/ ? $1 : () } @lines;
note(join ', ', map { "$_: $done{$_}" } sort keys %done);
my ($name) = map { $_->{repo_name} } @{ $two->must('get_repos') };
my $path = "$one->{data}/repos/$name";
for (map { /^last (.*)/ ? $1 : () } @lines) {
    my ($branch, $from, $until, @may) = split /[ ,]/;
    my $id = $one->run({ dir => $path }, qw(git rev-parse -q --verify), "refs/heads/$branch")->{out} =~ s/\n//r;
    my ($at) = $id ? grep { $chain[$_] eq $id } 0 .. $#chain : 'none';
    @may = () if acknowledged() > $until;
    push @may, 'none' if begun() > $from;
    ok(scalar(grep { $_ eq $at } @may), "$branch ends at $at") or diag("@may");
}
is($one->run({ dir => $path }, qw(git fsck --no-dangling))->{exit}, 0, 'git fsck');
is($one->admin('check'), '', 'check');
my %rows = (push => "action LIKE 'push:%'", strip => "action LIKE 'user_stripped_commit%'",
    delete => "action LIKE 'user_deleted_repo%'", pull => "action LIKE 'push_remote%'");
for my $kind (sort keys %rows) {
    my $rows = $one->sql("SELECT count(*) FROM journal WHERE $rows{$kind}") + 0;
    is($rows, $done{$kind} // 0, "$kind: in the journal, once");
}
$_->done for reverse @nodes;
done_testing;
