# SPDX-License-Identifier: Apache-2.0
package RCAPI::HgClient;

=head1 NAME

RCAPI::HgClient - the system's hg as a client of a private server

=head1 SYNOPSIS

    my $bob = RCAPI::HgClient->new($t, basic => 'bob:' . $t->key('bob'));   # asked for a password
    my $visitor = RCAPI::HgClient->new($t);
    my $work = $bob->clone('group/repo', '-U');     # a new folder; dies if hg fails
    $bob->must('-R', $work, 'push');                # what hg prints
    my $r = $bob->try('-R', $work, 'push');         # { exit, out, err }
    my $end = $bob->start('-R', $work, 'push');     # in the background
    $r = $end->();                                  # waits for its end

Options: basic => 'user:password', config => ['section.name=value', ...]. No other settings are read, and hg asks
for nothing.

=cut

use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use RCAPI::Hg; # skips the test where the module was built without it

my $folders = 0;

sub new {
    my ($class, $t, %opt) = @_;
    my @config = @{ $opt{config} // [] };
    if (defined $opt{basic}) {
        my ($user, $password) = split /:/, $opt{basic}, 2;
        push @config, 'auth.x.prefix=*', 'auth.x.schemes=http https', "auth.x.username=$user",
            "auth.x.password=$password";
    }
    return bless { t => $t, config => \@config }, $class;
}

# The URL of a repository; what is not a part of a name is escaped by the caller.
sub url { $_[0]{t}->url . "/$_[1]" }

# A folder that does not exist yet.
sub folder { $_[0]{t}->dir . '/scratch/hg' . ++$folders }

sub try {
    my ($self, @args) = @_;
    my %opt = ref $args[0] ? %{ shift @args } : ();
    my %env = (HGUSER => 'Ann Author <ann@example.org>', HOME => $self->{t}->dir . '/home', %{ $opt{env} // {} });
    return RCAPI::Hg::try({ %opt, env => \%env }, (map { ('--config', $_) } 'ui.interactive=no', @{ $self->{config} }),
        @args);
}

# Starts hg; a function that waits for its end and returns the same.
sub start {
    my ($self, @args) = @_;
    pipe my $from, my $to or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $r = $self->try(@args);
        print $to JSON::PP::encode_json($r);
        close $to;
        POSIX::_exit(0);
    }
    close $to;
    return sub {
        my $r = JSON::PP::decode_json(join '', <$from>);
        waitpid $pid, 0;
        return $r;
    };
}

sub must {
    my ($self, @args) = @_;
    my $r = $self->try(@args);
    die "hg @args: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

# Clones a repository; the new folder.
sub clone {
    my ($self, $repo, @args) = @_;
    my $to = $self->folder;
    $self->must('clone', '-q', @args, $self->url($repo), $to);
    return $to;
}

1;
