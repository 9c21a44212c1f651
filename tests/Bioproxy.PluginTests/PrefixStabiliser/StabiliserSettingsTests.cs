using Bioproxy.Abstractions;
using Bioproxy.PrefixStabiliser;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class StabiliserSettingsTests
{
    [Theory]
    [InlineData("""{"use":["dates"]}""", ".use", "There are: billing_header, nonce")]
    [InlineData("""{"use":[null]}""", ".use", "There are: billing_header")]
    [InlineData("""{"pin":["dates"]}""", ".pin", "There are: billing_header, nonce")]
    [InlineData("""{"tool_arguments":1}""", ".tool_arguments", "could not be converted")]
    [InlineData("""{"rules":[null]}""", ".rules[0]", "null")]
    [InlineData("""{"rules":[{"match":"x","action":"move"}]}""", ".rules[0].name", "missing")]
    [InlineData("""{"rules":[{"name":"r","action":"move"}]}""", ".rules[0].match", "missing")]
    [InlineData("""{"rules":[{"name":"r","match":"x","action":"move"},{"name":"r","match":"[","action":"move"}]}""", ".rules[1].match",
        "not a regular expression")]
    [InlineData("""{"rules":[{"name":"r","match":"(?=x)","action":"move"}]}""", ".rules[0].match", "linear time")]
    [InlineData("""{"rules":[{"name":"r","match":"x"}]}""", ".rules[0].action", "'move', 'remove' or 'pin'")]
    [InlineData("""{"rules":[{"name":"r","match":"x","action":"delete"}]}""", ".rules[0].action", "'delete'")]
    [InlineData("""{"rules":[{"name":"r","match":"x","action":"move","applies_to":"word"}]}""", ".rules[0].applies_to", "'word'")]
    [InlineData("""{"rules":[{"name":"r","match":"x","action":"move","where":["user"]}]}""", ".rules[0].where", "'user'")]
    [InlineData("""{"rules":[{"name":"r","match":"x","action":"move","where":[]}]}""", ".rules[0].where", "empty")]
    [InlineData("""{"rules":[{"name":"r","match":"x","action":"move","roles":["user"]}]}""", ".rules[0]", "'roles'")]
    [InlineData("""{"rules":[{"name":7}]}""", ".rules[0].name", "could not be converted")]
    [InlineData("""{"sort_tools":"yes"}""", ".sort_tools", "could not be converted")]
    [InlineData("""{"sort":true}""", "", "'sort'")]
    public void Making_BadSettings_NamesTheKey(string json, string key, string reason)
    {
        using var services = new FakeServices { PluginName = "Bioproxy.PrefixStabiliser", Json = json };
        var error = Assert.Throws<PluginSettingsException>(() => new StabiliseTransform(services, new AnswerMemory()));
        Assert.StartsWith($"plugins.Bioproxy.PrefixStabiliser{key}", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compiling_Rules_PutsTheUsersOwnFirst()
    {
        var settings = new StabiliserSettings
        {
            Use = ["current_time", "current_date"],
            Rules = [new RuleSettings { Name = "own", Match = "x", Action = "remove" }]
        };
        Assert.Equal(["own", "current_time", "current_date"], RuleSet.Compile(settings, "plugins.x").Select(rule => rule.Name));
    }
}
