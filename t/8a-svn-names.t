#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The address of a remote is looked up once: svn and hg connect to the one that was checked, also when the name server
# gives another one a moment later (contract 08 §6).
use strict;
use warnings;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use RCAPI::Run qw(patiently run slurp);
use RCAPI::Server;
use RCAPI::Svn;
use RCAPI::SvnClient;

plan skip_all => 'needs root' if $> != 0 && !$ENV{RCAPI_OWN_NAMES};
plan skip_all => 'no svn, or no mod_dav_svn' if !RCAPI::SvnClient::installed();
if (!$ENV{RCAPI_OWN_NAMES}) { # a resolv.conf for this process alone
    plan skip_all => 'no mount namespace' if system 'unshare -m true 2>/dev/null';
    $ENV{RCAPI_OWN_NAMES} = 1;
    exec 'unshare', '-m', $^X, (map { "-I$_" } grep { !ref } @INC), $0;
}
my $dns = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 53, Proto => 'udp')
    or plan skip_all => 'port 53 is taken';
my $conf = File::Temp->new;
print $conf "nameserver 127.0.0.1\noptions timeout:5\n";
$conf->flush;
chmod 0644, "$conf";
plan skip_all => 'cannot mount' if system 'mount', '--bind', "$conf", '/etc/resolv.conf';
unlink "$conf"; # the account that the test becomes may not

require RCAPI::Test;
my $t = RCAPI::Test->new(children => 1, directives => "RcapiRemoteSchemes http svn\n");
my $FAR = "$t->{dir}/scratch/far";
mkdir $FAR;
RCAPI::Svn::program('svnadmin', 'create', "$FAR/one");
my $dump = RCAPI::Svn->dump;
$dump->history(5, 3);
$dump->load("$FAR/one");
my $far = RCAPI::Test->new(bare => 1, children => 1, modules => [@RCAPI::SvnClient::MODULES],
    directives => "SVNUseUTF8 on\n<Location /svn>\nDAV svn\nSVNParentPath $FAR\nRequire all granted\n</Location>\n");

my @children;
END { kill KILL => $_ for @children }
my $port = RCAPI::Server::free_port();
push @children, my $svnserve = fork // die $!;
if (!$svnserve) {
    exec 'svnserve', '-d', '--foreground', '--listen-host', '127.0.0.1', '--listen-port', $port, '-r', $FAR
        or POSIX::_exit(127);
}
patiently(20, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) });

# and one of hg, where it is built
my ($hg, $served) = (RCAPI::Server::free_port());
if (eval { require RCAPI::Hg; RCAPI::Hg::built(($ENV{RCAPI_BUILD} // 'build') . '/mod_rcapi.so') }) {
    RCAPI::Hg::hg('init', "$FAR/hg");
    ($served) = RCAPI::Hg::build("$FAR/hg", { files => { a => { data => 'a' } } });
    push @children, my $serve = fork // die $!;
    if (!$serve) {
        open STDOUT, '>', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        $ENV{HGRCPATH} = '';
        exec 'hg', '-R', "$FAR/hg", 'serve', '-a', '127.0.0.1', '-p', $hg or POSIX::_exit(127);
    }
    patiently(60, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $hg) });
}

# Answers the first question for each name with the right address, all others with one where nobody listens.
my $ASKED = "$t->{dir}/scratch/asked";
push @children, my $server = fork // die $!;
if (!$server) {
    alarm 300;
    my %asked;
    while (1) {
        my $from = recv $dns, my $question, 512, 0;
        my ($id, $at, $name) = (substr($question, 0, 2), 12, '');
        while (my $len = ord substr $question, $at, 1) {
            $name .= substr($question, $at + 1, $len) . '.';
            $at += $len + 1;
        }
        my $type = unpack 'n', substr $question, $at + 1, 2;
        my $asked = substr $question, 12, $at + 5 - 12;
        my $answer = '';
        if ($type == 1) { # A
            $answer = "\xc0\x0c" . pack('nnNn', 1, 1, 0, 4) . ($asked{$name}++ ? "\x7f\0\0\x09" : "\x7f\0\0\x01");
            open my $log, '>>', $ASKED;
            print $log "$name\n";
        }
        send $dns, $id . pack('nnnnn', 0x8180, 1, $answer eq '' ? 0 : 1, 0, 0) . $asked . $answer, 0, $from;
    }
}

for (['svn', "svn://svn.example.org:$port/one"], ['http', 'http://http.example.org:' . $far->port . '/svn/one'],
    $served ? ['hg', "http://hg.example.org:$hg/", $served] : ()) {
    my ($name, $uri, $last) = @$_;
    my $type = $last ? 'hg' : 'svn';
    is $t->call(create_repo => { repo_name => $name, repo_type => $type, clone_uri => $uri })->{error}, undef, $uri
        or diag substr $t->error_log, -1000;
    is scalar(() = slurp($ASKED) =~ /^\Q$name\E\.example/mg), 1, "$name: asked once";
    is $t->must(get_repo => { repoid => $name })->{last_changeset}{raw_id}, $last // 5, "$name: all is there";
    is $t->call(pull => { repoid => $name })->{error}, "Unable to pull changes from `$name`",
        "$name: the next time it is another address";
    is scalar(() = slurp($ASKED) =~ /^\Q$name\E\.example/mg), 2, "$name: which was asked for";
}

$far->done;
$t->done;
done_testing;
