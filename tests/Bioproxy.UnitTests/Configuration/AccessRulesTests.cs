using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

/// <summary>A change of the configuration opens nothing that a start would refuse.</summary>
public sealed class AccessRulesTests
{
    private static readonly ApiKeyOptions Alice = new("alice", KeyHash.OfKey("the key of alice"));
    private static readonly AdminKeyOptions Admin = new(KeyHash.OfKey("the key of the admin"), null);

    private static readonly ProxyOptions Reachable = new()
    {
        BaseDirectory = "/",
        StateDirectory = "/",
        ProxyHost = "0.0.0.0",
        AdminHost = "::",
        ApiKeys = [Alice],
        AdminKey = Admin,
    };

    /// <summary>The new file may be right in itself: it listens on this machine, after a restart.</summary>
    [Fact]
    public void Take_NoKeysWhileOthersReachTheProxy_WaitsForTheRestart()
    {
        var next = Reachable with { ProxyHost = "localhost", AdminHost = "localhost", ApiKeys = [], AdminKey = null };

        Assert.Same(Reachable, AccessRules.TakeKeys(Reachable, next));
        Assert.Same(Reachable, AccessRules.TakeAdminKey(Reachable, next));
    }

    [Fact]
    public void Take_OtherKeys_AreTaken()
    {
        var next = Reachable with { ApiKeys = [Alice with { Lane = Abstractions.PromptLane.Batch }], AdminKey = Admin with { Key = "k" } };

        Assert.Same(next.ApiKeys, AccessRules.TakeKeys(Reachable, next).ApiKeys);
        Assert.Same(next.AdminKey, AccessRules.TakeAdminKey(Reachable, next).AdminKey);
        Assert.Empty(AccessRules.TakeKeys(Reachable, Reachable with { ApiKeys = [], AllowOpen = true }).ApiKeys);
    }

    [Fact]
    public void Take_NoKeysOnThisMachine_AreTaken()
    {
        var here = Reachable with { ProxyHost = "localhost", AdminHost = "unix:/run/admin.sock" };

        Assert.Empty(AccessRules.TakeKeys(here, here with { ApiKeys = [] }).ApiKeys);
        Assert.Null(AccessRules.TakeAdminKey(here, here with { AdminKey = null }).AdminKey);
    }
}
