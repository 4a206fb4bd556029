#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Remotes by HTTP (contract 05, "Redirects of remotes"): redirects that are followed and that are
# not, credentials that stay hidden, servers that send what they like.
use strict;
use warnings;
use IO::Socket::INET;
use IPC::Open2;
use POSIX ();
use Test::More;
use RCAPI::Run qw(slurp);
use RCAPI::Test;

my $t = RCAPI::Test->new;
my $DIR = "$t->{dir}/scratch";
my $LOG = "$DIR/requests";
my $SECRET = 'Basic ' . 'Ym9iOnMzY3JldHMzY3JldA=='; # bob:s3crets3cret
$t->secret('s3crets3cret', 'Ym9iOnMzY3JldHMzY3JldA==');

RCAPI::Git::init("$DIR/source");
RCAPI::Git::history("$DIR/source", 3, 1);
$t->git('.', qw(clone -q --bare), "$DIR/source", "$DIR/real.git");

my $socket = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die $@;
my $PORT = $socket->sockport;
my $server = fork // die $!;
if (!$server) {
    alarm 600;
    $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $client = $socket->accept or next;
        next if fork;
        $SIG{CHLD} = 'DEFAULT';
        serve($client);
        POSIX::_exit(0);
    }
}
END { kill KILL => $server if $server }

sub answer {
    my ($client, $status, $head, $body) = @_;
    print $client "HTTP/1.1 $status\r\nConnection: close\r\n$head\r\n$body";
    $client->flush;
}

# The first part of the path says how it is answered; what follows is the repository.
sub serve {
    my ($client) = @_;
    my ($method, $target) = split / /, scalar <$client>;
    my %head;
    while (defined(my $line = <$client>)) {
        last if $line =~ /^\r?\n/;
        $head{lc $1} = $2 if $line =~ /^([^:]+): *(.*?)\r?\n/;
    }
    open my $log, '>>', $LOG;
    print $log "$target " . ($head{authorization} // '-') . "\n";
    close $log;
    my ($how, $rest) = $target =~ m{^/(\w+)(/.*)};
    my %to = (
        moved => "/git/real.git" . ($rest =~ s{^/real}{}r), absolute => "http://127.0.0.1:$PORT/git$rest",
        slashes => "//127.0.0.1:$PORT/git$rest", host => "http://localhost:$PORT/git$rest",
        port => 'http://127.0.0.1:' . ($PORT - 1) . $rest, ssh => "ssh://git\@127.0.0.1$rest",
        file => "file://$DIR$rest", login => '/login?next=x', user => "http://a:b\@127.0.0.1:$PORT/git$rest",
        loop => "/loop$rest", hops3 => "/hops2$rest", hops2 => "/hops1$rest", hops1 => "/git$rest",
        hops4 => "/hops3$rest",
        empty => '', private => "/closed$rest",
    );
    return answer($client, '301 Moved', "location: $to{$how}\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n", '')
        if defined $to{$how};
    return answer($client, '302 Found', "Content-Length: 0\r\n", '') if $how eq 'nowhere';
    return answer($client, '401 No', "WWW-Authenticate: Basic realm=\"$how\"\r\nContent-Length: 0\r\n", '')
        if $how eq 'closed' && ($head{authorization} // '') ne $SECRET;
    if ($how eq 'headers') { # without an end, without a line
        print $client "HTTP/1.1 200 OK\r\nX: ";
        1 while print $client 'x' x 65_536;
        return;
    }
    if ($how eq 'noise') {
        print $client "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n";
        1 while print $client 'x' x 65_536;
        return;
    }
    backend($client, $method, $rest, \%head);
}

sub backend {
    my ($client, $method, $target, $head) = @_;
    my ($path, $query) = split /\?/, $target;
    read $client, my $body, $head->{'content-length'} // 0;
    %ENV = (PATH => $ENV{PATH}, HOME => $DIR, GIT_PROJECT_ROOT => $DIR, GIT_HTTP_EXPORT_ALL => 1,
        REQUEST_METHOD => $method, PATH_INFO => $path, QUERY_STRING => $query // '',
        CONTENT_TYPE => $head->{'content-type'} // '', GIT_PROTOCOL => $head->{'git-protocol'} // '',
        HTTP_CONTENT_ENCODING => $head->{'content-encoding'} // '');
    my $pid = open2(my $out, my $in, 'git', 'http-backend');
    print $in $body;
    close $in;
    local $/;
    my ($top, $rest) = split /\r\n\r\n/, <$out>, 2;
    waitpid $pid, 0;
    my $status = $top =~ s/^Status: (.*)\r\n//m ? $1 : '200 OK';
    answer($client, $status, "$top\r\n", $rest);
}

my $n = 0;
my $seen = 0;

sub clone {
    my ($path, $user) = @_;
    unlink $LOG;
    $seen = length $t->error_log;
    return $t->call(create_repo => { repo_name => 'r' . ++$n, repo_type => 'git',
        clone_uri => 'http://' . ($user // '') . "127.0.0.1:$PORT/$path" })->{error};
}

sub news { return substr $t->error_log, $seen }
sub refs { return $t->git($_[0], 'for-each-ref', '--format=%(objectname) %(refname)') }

subtest 'redirects that are followed' => sub {
    for my $how (qw(moved absolute slashes hops1 hops3)) {
        is clone($how eq 'moved' ? 'moved/real' : "$how/real.git"), undef, $how or diag news();
        is refs("$t->{dir}/data/repos/r$n"), refs("$DIR/real.git"), "$how: all is there";
    }
    is $t->call(pull => { repoid => "r$n" })->{error}, undef, 'pull follows it, too';
    is $t->must(get_repo => { repoid => "r$n" })->{clone_uri}, "http://127.0.0.1:$PORT/hops3/real.git",
        'clone_uri stays';
    is clone('private/real.git', 'bob:s3crets3cret@'), undef, 'with credentials';
    is_deeply [grep { !/ \Q$SECRET\E$/ } split /\n/, slurp($LOG)], [], 'which go there, too';
};

subtest 'redirects that are not followed' => sub {
    my %why = (map({ ($_ => 'another scheme, host, port or user') } qw(host port ssh file user)),
        login => 'not a repository', nowhere => 'without a target', empty => '', loop => 'more than 3 times',
        hops4 => 'more than 3 times');
    for my $how (sort keys %why) {
        is clone("$how/real.git", 'bob:s3crets3cret@'), "failed to create repository `r$n`", $how;
        like news(), qr/redirects .*\Q$why{$how}\E/, "$how: the log says why";
        unlike slurp($LOG), qr{^/git}m, "$how: nobody went there" unless $how =~ /loop|hops/;
    }
};

subtest 'credentials' => sub {
    is clone('closed/real.git', 'bob:wr0ngs3cret@'), "failed to create repository `r$n`", 'wrong ones';
    unlike news(), qr/wr0ng|@{[substr 'Ym9iOndy', 0, 8]}/, 'are not in the log';
    is clone('closed/real.git'), "failed to create repository `r$n`", 'none: nobody is asked';
    is clone('closed/real.git', 'bob:s3crets3cret@'), undef, 'right ones';
    is scalar(grep { /s3crets3cret|Ym9iOnMz/ } map { slurp($_) } grep { -f } glob "$t->{dir}/data/repos/r$n/*"), 0,
        'none stay in the repository';
};

subtest 'servers that send what they like' => sub {
    for my $how (qw(headers noise)) {
        is clone("$how/real.git"), "failed to create repository `r$n`", $how;
        ok length(news()) < 20_000, "$how: the log stays short";
    }
};

kill KILL => $server;
waitpid $server, 0;
$server = 0;
$t->done;
done_testing;
