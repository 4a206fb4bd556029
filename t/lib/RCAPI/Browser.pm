# SPDX-License-Identifier: Apache-2.0
package RCAPI::Browser;

=head1 NAME

RCAPI::Browser - a headless Chromium, told what to do through a pipe

=head1 SYNOPSIS

    my $b = RCAPI::Browser->new("$dir/profile") or plan skip_all => 'no chromium';
    my $page = $b->open($url);      # { error, title, html } when it has loaded, or will not
    $b->cookie($url, rcapi => $value);
    my $png = $b->picture($url, width => 390, height => 800, scheme => 'dark');
    $b->close;                      # '' when nothing is left of it

It knows no other host than 127.0.0.1, downloads nothing, and ends after C<limit> seconds at the latest.

=cut

use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);
use RCAPI::Run qw(patiently slow slurp);

my $PATIENCE = 30; # seconds for one step
my @OPTIONS = (
    qw(--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-breakpad
        --disable-background-networking --disable-component-update --disable-sync --disable-extensions
        --disable-default-apps --remote-debugging-pipe),
    # Few processes, which is half the work. That sites are apart in the browser is its own defence, not ours.
    qw(--in-process-gpu --renderer-process-limit=1 --disable-site-isolation-trials
        --disable-features=IsolateOrigins,site-per-process),
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
);

# A browser with its own profile below $dir; undef when there is none on this machine.
sub new {
    my ($class, $dir, %opt) = @_;
    my ($program) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
    return if !$program;
    my $self = bless { dir => $dir, id => 0, got => '', limit => 300, %opt }, $class;
    mkdir $dir;
    $self->_start($program);
    $self->_do('Browser.setDownloadBehavior', { behavior => 'deny' });
    my $page = $self->_do('Target.createTarget', { url => 'about:blank' })->{targetId};
    $self->{session} = $self->_do('Target.attachToTarget', { targetId => $page, flatten => JSON::PP::true() })
        ->{sessionId};
    $self->_do('Page.enable');
    $self->_do('Page.setLifecycleEventsEnabled', { enabled => JSON::PP::true() });
    return $self;
}

sub _start {
    my ($self, $program) = @_;
    pipe my $orders, $self->{to} or die "pipe: $!";
    pipe $self->{from}, my $answers or die "pipe: $!";
    $self->{pid} = fork // die "fork: $!";
    if (!$self->{pid}) {
        setpgrp;
        my ($in, $out) = map { POSIX::dup(fileno $_) } $orders, $answers; 
        ($in, $out) = map { my $fd = $_; $fd = POSIX::dup($fd) while $fd < 5; $fd } $in, $out;
        POSIX::dup2($in, 3);
        POSIX::dup2($out, 4);
        POSIX::close($_) for 5 .. 40;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/log";
        open STDERR, '>&', \*STDOUT;
        %ENV = (PATH => $ENV{PATH}, HOME => $self->{dir}, TMPDIR => $self->{dir}, LC_ALL => 'C.UTF-8',
            DBUS_SESSION_BUS_ADDRESS => 'disabled:');
        exec 'timeout', '-s', 'KILL', $self->{limit}, $program, @OPTIONS, "--user-data-dir=$self->{dir}/profile",
            'about:blank'
            or POSIX::_exit(127);
    }
    close $_ for $orders, $answers;
    $self->{to}->autoflush(1);
    binmode $_ for @$self{qw(to from)};
}

# One order; what is answered to it, or { error => TEXT }.
sub _do {
    my ($self, $method, $params) = @_;
    my $id = ++$self->{id};
    local $SIG{PIPE} = 'IGNORE';
    print { $self->{to} } JSON::PP->new->utf8->encode({
        id => $id, method => $method, params => $params // {}, $self->{session} ? (sessionId => $self->{session}) : (),
    }), "\0";
    my $answer = $self->_wait(sub { ($_[0]{id} // 0) == $id }) or return { error => "no answer to $method" };
    return $answer->{result} // { error => $answer->{error}{message} };
}

# The first message that fits; undef when none comes in time.
sub _wait {
    my ($self, $fits) = @_;
    my $end = time + $PATIENCE * slow();
    while (time < $end) {
        while ($self->{got} =~ s/\A([^\0]*)\0//) {
            my $message = JSON::PP->new->utf8->decode($1);
            my $about = $message->{params};
            $self->{loaded}{ $about->{loaderId} } = 1
                if ($message->{method} // '') eq 'Page.lifecycleEvent' && $about->{name} eq 'load';
            return $message if $fits->($message);
        }
        vec(my $ready = '', fileno $self->{from}, 1) = 1;
        next unless select $ready, undef, undef, 1;
        sysread $self->{from}, $self->{got}, 65536, length $self->{got} or last;
    }
    return;
}

# Goes to a page and waits until all of it has loaded, and not until the one before has, which may still do so;
# returns the error of one that does not come.
sub _go {
    my ($self, $url) = @_;
    my $a = $self->_do('Page.navigate', { url => $url });
    my $error = $a->{errorText} // $a->{error};
    return $error if defined $error || !defined $a->{loaderId}; # another place of the same page
    my $loaded = sub { $self->{loaded}{ $a->{loaderId} } };
    $loaded->() || $self->_wait($loaded) || die "$url does not load\n";
    return;
}

# Opens a page, and waits a moment longer for what runs beside it. Then it is left, or with stay => 1 not before the
# next one is opened, which is half the work for the browser.
sub open {
    my ($self, $url, %opt) = @_;
    my $error = $self->_go($url);
    sleep 0.3 if !defined $error; # not by a timer of the page: in a sandbox it would never end
    my %page = (error => $error, map { $_->[0] => $self->_eval($_->[1]) } [title => 'document.title'],
        [html => 'document.documentElement.outerHTML']);
    $self->_go('about:blank') if !$opt{stay};
    return \%page;
}

# Sets a cookie, as if the server of the URL had.
sub cookie {
    my ($self, $url, $name, $value) = @_;
    return $self->_do('Network.setCookie', { url => $url, name => $name, value => $value });
}

# The picture of a page as PNG, in a window of this size, dark or light.
sub picture {
    my ($self, $url, %opt) = @_;
    $self->_do('Emulation.setDeviceMetricsOverride', { width => 0 + $opt{width}, height => 0 + $opt{height},
        deviceScaleFactor => 1, mobile => JSON::PP::false() });
    $self->_do('Emulation.setEmulatedMedia', {
        features => [{ name => 'prefers-color-scheme', value => $opt{scheme} }] });
    $self->_go($url);
    my $png = $self->_do('Page.captureScreenshot', { format => 'png' })->{data};
    $self->_go('about:blank'); # else another place of the same page would not load
    require MIME::Base64;
    return MIME::Base64::decode_base64($png);
}

# Opens a page and stays there; js evaluates an expression in it.
sub visit {
    my ($self, $url) = @_;
    my $error = $self->_go($url);
    die "$url: $error\n" if defined $error;
}

sub js { return shift->_eval(@_) }

sub _eval {
    my ($self, $text) = @_;
    return $self->_do('Runtime.evaluate', { expression => $text, returnByValue => JSON::PP::true() })->{result}{value}
        // '';
}

# Ends it; the command lines of processes that are left.
sub close {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return '';
    delete $self->{session};
    $self->_do('Browser.close');
    CORE::close($_) for @$self{qw(to from)};
    my $gone = patiently(10, sub { !$self->_left });
    kill KILL => $_ for map { $_->[0] } $self->_left;
    waitpid $pid, 0;
    return $gone ? '' : join "\n", map { $_->[1] } $self->_left;
}

sub _left {
    my ($self) = @_;
    return map {
        my ($pid) = /(\d+)/;
        my $line = slurp("$_/cmdline") =~ tr/\0/ /r;
        $line =~ m{user-data-dir=\Q$self->{dir}/} ? [$pid, $line] : ()
    } glob '/proc/[0-9]*';
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@, $!);
    $self->close;
}

1;
