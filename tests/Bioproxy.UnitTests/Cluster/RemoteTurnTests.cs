using Bioproxy.Cluster;
using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;
using Bioproxy.Host.Models;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>What an owner hears of a turn that another proxy holds.</summary>
public sealed class RemoteTurnTests
{
    private readonly Guid _id = Guid.NewGuid();
    private readonly IServerLink _link = Substitute.For<IServerLink>();
    private readonly FakeTimeProvider _time = new();
    private readonly RemoteTurn _turn;

    public RemoteTurnTests() => _turn = new RemoteTurn(_link, _id, new Placement(), _time);

    [Fact]
    public void Started_TurnLasts_TheOwnerHearsOfIt()
    {
        _turn.Started();
        _link.DidNotReceiveWithAnyArgs().Started(default);
        _time.Advance(TimeSpan.FromSeconds(1));

        _link.Received(1).Started(_id);
        _turn.End(default);
        _link.Received(1).End(_id, Arg.Any<TurnOutcome>());
    }

    [Fact]
    public void Started_TurnEndsAtOnce_TheOwnerHearsOfTheEndAlone()
    {
        _turn.Started();
        _turn.End(default);
        _turn.End(default);
        _time.Advance(TimeSpan.FromSeconds(1));

        _link.DidNotReceiveWithAnyArgs().Started(default);
        _link.Received(1).End(_id, Arg.Any<TurnOutcome>());
    }
}
