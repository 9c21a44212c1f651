using Bioproxy.Cluster.Messages;
using Bioproxy.Host.Cluster;

namespace Bioproxy.UnitTests.Cluster;

/// <summary>Which servers another proxy should schedule.</summary>
public sealed class HandoverTests
{
    private static readonly DateTimeOffset _then = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_ServersSpreadEvenly_NothingMoves() =>
        Assert.Empty(Handover.Of([Proxy("a", "s1 s2 s3", "s1 s2"), Proxy("b", "s1 s2 s3", "s3")]));

    [Fact]
    public void Of_OneProxyHasAll_OthersGetTheirShare()
    {
        var reports = new[]
        {
            Proxy("a", "s1 s2 s3 s4 s5 s6", "s1 s2 s3 s4 s5 s6"), Proxy("b", "s1 s2 s3 s4 s5 s6"), Proxy("c", "s1 s2 s3 s4 s5 s6"),
        };

        var moves = Handover.Of(reports);

        Assert.All(moves, move => Assert.Equal("a", move.From));
        Assert.Equal(["b", "b", "c", "c"], moves.Select(static move => move.To).Order());
        Assert.Equal(4, moves.Select(static move => move.Server).Distinct().Count());
    }

    [Fact]
    public void Of_ReceiverHasNotTheServer_AnotherOneMoves() => Assert.Equal(
        [new Handover("s2", "a", "b")], Handover.Of([Proxy("a", "s1 s2 s3", "s1 s2 s3"), Proxy("b", "s2")]));

    [Fact]
    public void Of_OlderConfiguration_GivesToTheNewest() => Assert.Equal(
        [new Handover("s1", "a", "b"), new Handover("s2", "a", "b")],
        Handover.Of([Proxy("a", "s1 s2", "s1 s2"), Proxy("b", "s1 s2", configuration: "new", minutes: 1)]).OrderBy(move => move.Server));

    [Fact]
    public void Of_NewestHasNotTheServer_ItStays() => Assert.Empty(
        Handover.Of([Proxy("a", "s1", "s1"), Proxy("b", "s2", configuration: "new", minutes: 1)]));

    [Fact]
    public void Of_TwoSayTheyOwnIt_ItStays() => Assert.Empty(
        Handover.Of([Proxy("a", "s1 s2", "s1 s2"), Proxy("b", "s1", "s1"), Proxy("c", "s1")]));

    [Fact]
    public void Of_Draining_ReceivesNothing() => Assert.Empty(
        Handover.Of([Proxy("a", "s1 s2", "s1 s2"), Proxy("b", "s1 s2", isDraining: true)]));

    /// <summary>Whatever is out of order, what all find together ends it: a second look finds nothing more.</summary>
    [Fact]
    public void Of_AnyReports_AfterTheMovesNothingMoves()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var servers = Enumerable.Range(0, random.Next(1, 30)).Select(static i => $"s{i}").ToArray();
            var names = Enumerable.Range(0, random.Next(1, 8)).Select(static i => $"p{i}").ToArray();
            var owners = servers.ToDictionary(static server => server, _ => names[random.Next(names.Length)]);
            var has = names.ToDictionary(
                static name => name, name => servers.Where(server => owners[server] == name || random.Next(3) > 0).ToArray());
            var (draining, older) = (random.Next(2) == 0 ? names[0] : null, random.Next(names.Length));
            ProxyReport[] Reports() =>
            [
                .. names.Select((name, i) => Proxy(
                    name, string.Join(' ', has[name]), string.Join(' ', servers.Where(server => owners[server] == name)),
                    i < older ? "old" : "new", i < older ? 0 : 1, name == draining)),
            ];

            var moves = Handover.Of(Reports());
            foreach (var move in moves)
            {
                Assert.Equal(owners[move.Server], move.From);
                Assert.Contains(move.Server, has[move.To]);
                Assert.NotEqual(draining, move.To);
                owners[move.Server] = move.To;
            }

            Assert.Empty(Handover.Of(Reports()));
        }
    }

    private static ProxyReport Proxy(
        string name, string servers, string owns = "", string configuration = "same", int minutes = 0, bool isDraining = false) => new()
        {
            Proxy = name,
            Version = "1",
            Configuration = configuration,
            ConfiguredAt = _then.AddMinutes(minutes),
            IsDraining = isDraining,
            Servers = servers.Split(' '),
            Owns = owns.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
}
