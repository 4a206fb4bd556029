# SPDX-License-Identifier: Apache-2.0
package RCAPI::GitClient;

=head1 NAME

RCAPI::GitClient - the system's git as a client of a private server

=head1 SYNOPSIS

    my $bob = RCAPI::GitClient->new($t, as => 'bob');       # sends bob's key in a header
    my $visitor = RCAPI::GitClient->new($t, version => 0);  # sends nothing, speaks version 0
    my $work = $bob->clone('group/repo', '--depth', 1);     # a new folder; dies if git fails
    $bob->must($work, 'push', 'origin', 'master');          # what git prints
    my $r = $bob->try($work, 'push');                       # { exit, out, err }

Options: as, key (in X-Api-Key), basic => 'user:password' (in the URL), version => 0, 1, 2,
config => ['name=value', ...]. No other config is read, and git asks for nothing.

=cut

use strict;
use warnings;
use RCAPI::Run qw(run);

my $folders = 0;

sub new {
    my ($class, $t, %opt) = @_;
    my $key = defined $opt{as} ? $t->key($opt{as}) : $opt{key};
    my @config = ('gc.auto=0', 'maintenance.auto=false', 'init.defaultBranch=master', @{ $opt{config} // [] });
    push @config, "http.extraHeader=X-Api-Key: $key" if defined $key;
    push @config, "protocol.version=$opt{version}" if defined $opt{version};
    return bless { t => $t, basic => $opt{basic}, config => \@config }, $class;
}

# The URL of a repository; what is not a part of a name is escaped by the caller.
sub url {
    my ($self, $repo) = @_;
    my $url = $self->{t}->url . "/$repo";
    $url =~ s{^http://}{http://$self->{basic}\@} if defined $self->{basic};
    return $url;
}

# A folder that does not exist yet.
sub folder { $_[0]{t}->dir . '/scratch/client' . ++$folders }

sub try {
    my ($self, $dir, @args) = @_;
    my %opt = ref $args[0] ? %{ shift @args } : ();
    my %env = (
        GIT_CONFIG_NOSYSTEM => 1, GIT_CONFIG_GLOBAL => '/dev/null', GIT_TERMINAL_PROMPT => 0, GIT_ASKPASS => '',
        GIT_AUTHOR_NAME => 'Ann Author', GIT_AUTHOR_EMAIL => 'ann@example.org', LC_ALL => 'C.UTF-8',
        GIT_COMMITTER_NAME => 'Carl Committer', GIT_COMMITTER_EMAIL => 'carl@example.org',
        HOME => $self->{t}->dir . '/home', %{ $opt{env} // {} },
    );
    return run({ timeout => 120, %opt, env => \%env }, 'git', '-C', $dir, (map { ('-c', $_) } @{ $self->{config} }),
        @args);
}

sub must {
    my ($self, $dir, @args) = @_;
    my $r = $self->try($dir, @args);
    die "git @args: exit $r->{exit}, signal $r->{signal}\n$r->{err}" if $r->{exit} || $r->{signal};
    return $r->{out};
}

# Clones a repository; the new folder.
sub clone {
    my ($self, $repo, @args) = @_;
    my $to = $self->folder;
    $self->must($self->{t}->dir, 'clone', '-q', @args, $self->url($repo), $to);
    return $to;
}

1;
