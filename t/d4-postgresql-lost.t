# SPDX-License-Identifier: Apache-2.0
# No acknowledged change is lost or made twice, and a refused one is not made, while connections to PostgreSQL end:
# by a proxy that drops them, some between a COMMIT and its answer, and by the server, which ends or loses backends.
# What became of a commit without an answer is said to be unknown. RCAPI_ROUNDS=all: 20,000 changes.
use strict;
use warnings;
use Test::More;
use lib 't/lib';
use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes qw(sleep);
use RCAPI::PostgreSQL;
use RCAPI::Run qw(patiently rounds slurp);
use RCAPI::Test;

plan skip_all => 'no PostgreSQL server is installed (Debian: apt-get install postgresql)' if !RCAPI::PostgreSQL::bin();

my $WRITERS = 4;
my $CHANGES = rounds(15, 5000); # of each writer
my $pg = RCAPI::PostgreSQL->new(own => 1);
my $t = RCAPI::Test->new(pg => $pg, children => 2, start => 0);
plan skip_all => 'built without libpq' if slurp($t->program('rcapi-admin')) !~ /pg_advisory_xact_lock/;
my $folder = "$t->{dir}/scratch/proxy";
mkdir $folder or die $!;
$t->{server}{config} =~ s/^(RcapiDatabase .*)host=\S+/$1host=$folder/m;
my $mischief = "$t->{dir}/scratch/mischief"; # while it is there, connections are dropped
my $proxy = start_proxy();
END { local $?; kill KILL => $proxy if $proxy }

sub start_proxy {
    my $listener = IO::Socket::UNIX->new(Local => "$folder/.s.PGSQL.5432", Listen => 64) or die $!;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $SIG{$_} = 'DEFAULT' for qw(INT TERM);
    $SIG{PIPE} = 'IGNORE';
    alarm 3600;
    eval { pass_on($listener) };
    POSIX::_exit(0);
}

# Moves bytes between httpd and the server. When there is mischief, some commits get no answer, and some never arrive.
sub pass_on {
    my ($listener) = @_;
    my $select = IO::Select->new($listener);
    my (%other, %client, %deaf);
    my $drop = sub {
        for my $end ($_[0], delete $other{ $_[0] }) {
            next if !$end;
            delete $other{$end};
            $select->remove($end);
            close $end;
        }
    };
    while (1) {
        for my $from ($select->can_read(0.05)) {
            if ($from == $listener) {
                my $one = $listener->accept or next;
                my $two = IO::Socket::UNIX->new(Peer => "$pg->{socket}/.s.PGSQL.5432") or next;
                @other{ $one, $two } = ($two, $one);
                $client{$one} = 1;
                delete @deaf{ $one, $two };
                delete $client{$two};
                $select->add($one, $two);
                next;
            }
            my $to = $other{$from} or next;
            my $got = sysread $from, my $bytes, 65536;
            my $chance = -e $mischief && $client{$from} && $bytes =~ /COMMIT/ ? rand : 1;
            if (!$got || $chance < 0.1 || $deaf{$from}) {
                $drop->($from);
                next;
            }
            $deaf{$to} = 1 if $chance < 0.25; # the answer goes nowhere
            syswrite $to, $bytes;
        }
    }
}

$t->start;
my $repo = $t->repo('r', commits => 2);
my $id = $t->git($repo->{path}, qw(rev-parse HEAD)) =~ s/\n//r;

# Adds comments; a line for each: its text, and what was said of it.
sub write_comments {
    my ($n, $to) = @_;
    for my $i (1 .. $CHANGES) {
        my $answer = $t->call(comment_commit => { repoid => 'r', commit_id => $id, message => "text $n-$i" });
        my $error = $answer->{error} // $answer->{broken};
        my $said = !defined $error ? 'made' : $error =~ /ended during the commit/ ? 'unknown' : 'refused';
        print $to "$n-$i $said\n";
    }
}

sub ends { "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mod_rcapi'
    AND random() < $_[0]" }
my $HALF = q{SELECT count(*) FROM (SELECT (SELECT count(*) FROM changeset_comment) AS a,
    (SELECT count(*) FROM journal WHERE action LIKE 'user_commented_revision%') AS b) AS counts WHERE a <> b};

open my $file, '>', $mischief or die $!;
my (%running, @files);
for my $n (1 .. $WRITERS) {
    push @files, "$t->{dir}/scratch/said$n";
    my $pid = fork // die "fork: $!";
    $running{$pid} = 1;
    next if $pid;
    open my $to, '>', $files[-1] or die $!;
    eval { write_comments($n, $to); 1 } or print $to "died $@";
    close $to;
    POSIX::_exit(0);
}
my ($half, $looks) = (0, 0);
while (%running) {
    sleep 0.2;
    eval { $looks++; $half += $t->sql($HALF); $t->sql(ends(0.2)) if !($looks % 3); 1 };
    if (!($looks % 20)) { # a backend that is killed takes all others with it
        my ($pid) = eval { $t->sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'mod_rcapi' LIMIT 1") }
            =~ /(\d+)/;
        kill KILL => $pid if $pid;
    }
    delete @running{ grep { waitpid($_, POSIX::WNOHANG()) } keys %running };
}
unlink $mischief;

my %said = map { /^(\d\S+) (\w+)$/ ? ($1 => $2) : () } map { split /^/, slurp($_) } @files;
is(scalar keys %said, $WRITERS * $CHANGES, 'each change has an answer');
my $up = patiently(20, sub { $t->call('get_user'); $t->last->status == 200 });
ok($up, 'the server serves');
my %rows = map { /^text (\S+)\|(\d+)/ ? ($1 => $2) : () }
    split /\n/, $t->sql('SELECT message, count(*) FROM changeset_comment GROUP BY message');
my (%count, @wrong);
for my $text (sort keys %said) {
    my $said = $said{$text};
    my $rows = $rows{$text} // 0;
    $count{$said}++;
    my %right = (made => 1, refused => 0, unknown => $rows);
    push @wrong, "$text: $said, $rows rows" if $rows > 1 || $rows != $right{$said};
}
note(join ', ', map { "$_: $count{$_}" } sort keys %count);
is(join("\n", @wrong), '', 'none is lost, none is made twice, none was refused and made');
cmp_ok($count{unknown} // 0, ">", 0, "some are unknown");
is($half, 0, "none of $looks readers saw half a change");
is($t->sql($HALF) + 0, 0, 'the journal has each change');
kill KILL => $proxy;
waitpid $proxy, 0;
undef $proxy;
$t->done;
done_testing;
