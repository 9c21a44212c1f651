using Bioproxy.Abstractions;
using Bioproxy.Redactor;

namespace Bioproxy.PluginTests.Redactor;

public sealed class RedactorSettingsTests
{
    [Theory]
    [InlineData("""{"use":["emial"]}""", "plugins.Bioproxy.Redactor.use", "'emial'")]
    [InlineData("""{"use":[null]}""", "plugins.Bioproxy.Redactor.use", "There are: email")]
    [InlineData("""{"use":null}""", "plugins.Bioproxy.Redactor.use", "null")]
    [InlineData("""{"use":"email"}""", "plugins.Bioproxy.Redactor.use", "could not be converted")]
    [InlineData("""{"patterns":{"ticket":"("}}""", "plugins.Bioproxy.Redactor.patterns.ticket", "no regular expression")]
    [InlineData("""{"patterns":{"ticket":"(?<!x)y"}}""", "plugins.Bioproxy.Redactor.patterns.ticket", "linear time")]
    [InlineData("""{"patterns":{"ticket":"(a)\\1"}}""", "plugins.Bioproxy.Redactor.patterns.ticket", "linear time")]
    [InlineData("""{"patterns":{"ticket":""}}""", "plugins.Bioproxy.Redactor.patterns.ticket", "empty")]
    [InlineData("""{"patterns":{"ticket":null}}""", "plugins.Bioproxy.Redactor.patterns.ticket", "empty")]
    [InlineData("""{"patterns":{"my ticket":"x"}}""", "plugins.Bioproxy.Redactor.patterns", "'my ticket'")]
    [InlineData("""{"patterns":{"1x":"x"}}""", "plugins.Bioproxy.Redactor.patterns", "'1x'")]
    [InlineData("""{"patterns":{"a]":"x"}}""", "plugins.Bioproxy.Redactor.patterns", "'a]'")]
    [InlineData("""{"pattern":{}}""", "plugins.Bioproxy.Redactor", "'pattern'")]
    public void Making_BadSettings_NamesTheKey(string json, string key, string reason)
    {
        using var services = new FakeServices { PluginName = "Bioproxy.Redactor", Json = json };
        var error = Assert.Throws<PluginSettingsException>(() => new RedactTransform(services));
        Assert.StartsWith(key, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_NoSettings_MasksNothingAndRestores()
    {
        using var services = new FakeServices();
        var settings = services.Read(RedactorJson.Default.RedactorSettings);
        Assert.Empty(settings.Use);
        Assert.Empty(settings.Patterns);
        Assert.Null(settings.Roles);
        Assert.True(settings.Restore);
        Assert.False(settings.RefuseUnreachable);
    }
}
