using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class ClusterReaderTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cluster_AllMembers_AreRead()
    {
        var cluster = _folder.Valid("""
            { "cluster": { "redis": "10.0.0.2:6379", "name": "lab", "advertise": "10.0.0.5:11111", "leave_seconds": 0 } }
            """).Cluster!;

        Assert.Equal(("10.0.0.2:6379", "lab", "10.0.0.5:11111"), (cluster.Redis, cluster.Name, cluster.Advertise));
        Assert.Equal(TimeSpan.Zero, cluster.LeaveDelay);
        Assert.Null(cluster.Tls);
    }

    [Fact]
    public void Cluster_WithoutRedis_IsNone()
    {
        Assert.Null(_folder.Valid("{}").Cluster);
        Assert.Null(_folder.Valid("""{ "cluster": { "advertise": "10.0.0.5:11111" } }""").Cluster);
    }

    [Fact]
    public void Cluster_FromTheEnvironment_IsRead()
    {
        _folder.Environment["BIOPROXY_CLUSTER_REDIS"] = "10.0.0.2:6379";
        _folder.Environment["BIOPROXY_CLUSTER_ADVERTISE"] = "10.0.0.5:11111";

        Assert.Equal("10.0.0.5:11111", _folder.Valid("{}").Cluster!.Advertise);
    }

    [Fact]
    public void Use_OfAModelThatIsNotConfiguredHere_MayBeInThePoolOfAnotherProxy()
    {
        const string Models = """ "models": { "coder": { "use": ["qwen"] } } """;

        Assert.NotEmpty(_folder.Errors($$"""{ {{Models}} }"""));
        var options = _folder.Valid($$"""{ {{Models}}, "cluster": { "redis": "r:1", "advertise": "10.0.0.5:11111" } }""");

        Assert.Equal("qwen", options.Models[0].Use[0].Backend);
    }

    [Theory]
    [InlineData("""{ "cluster": 1 }""", "cluster")]
    [InlineData("""{ "cluster": { "redis": "r:1" } }""", "it is needed with cluster.redis")]
    [InlineData("""{ "cluster": { "redis": "r:1", "advertise": "0.0.0.0:11111" } }""", "cluster.advertise")]
    [InlineData("""{ "cluster": { "redis": "r:1", "advertise": "host:11111" } }""", "an IP address of this machine with a port")]
    [InlineData("""{ "cluster": { "redis": "r:1", "advertise": "10.0.0.5:1", "nmae": "x" } }""", "name")]
    [InlineData("""{ "cluster": { "tls": { "certificate": "no.pem" } } }""", "a file that exists")]
    public void Cluster_Mistake_NamesTheKeyAndTheRemedy(string json, string expected) =>
        Assert.Contains(_folder.Errors(json), error => error.Contains(expected, StringComparison.Ordinal));
}
