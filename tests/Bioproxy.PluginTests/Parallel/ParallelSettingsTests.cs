using Bioproxy.Abstractions;
using Bioproxy.Parallel;

namespace Bioproxy.PluginTests.Parallel;

public sealed class ParallelSettingsTests
{
    [Theory]
    [InlineData("""{"varinats":3}""", "plugins.Bioproxy.Parallel.varinats")]
    [InlineData("""{"variants":"three"}""", "plugins.Bioproxy.Parallel.variants")]
    [InlineData("""{"variants":1}""", "plugins.Bioproxy.Parallel.variants")]
    [InlineData("""{"variants":17}""", "plugins.Bioproxy.Parallel.variants")]
    [InlineData("""{"concurrency":4}""", "plugins.Bioproxy.Parallel.concurrency")]
    [InlineData("""{"concurrency":0}""", "plugins.Bioproxy.Parallel.concurrency")]
    [InlineData("""{"merge":"vote"}""", "plugins.Bioproxy.Parallel.merge")]
    [InlineData("""{"judge_prompt":"{answers}"}""", "plugins.Bioproxy.Parallel.judge_prompt")]
    [InlineData("""{"judge_prompt":null}""", "plugins.Bioproxy.Parallel.judge_prompt")]
    [InlineData("""{"temperature":-1}""", "plugins.Bioproxy.Parallel.temperature")]
    [InlineData("""{"instructions":["a","b","c","d"]}""", "plugins.Bioproxy.Parallel.instructions")]
    [InlineData("""{"instructions":null}""", "plugins.Bioproxy.Parallel.instructions")]
    [InlineData("""{"max_answer_characters":0}""", "plugins.Bioproxy.Parallel.max_answer_characters")]
    public void Settings_ThatCannotBeUsed_AreAnErrorNamingTheKey(string json, string key)
    {
        using var services = new FakeServices { PluginName = "Bioproxy.Parallel", Json = json };

        var error = Assert.Throws<PluginSettingsException>(() => new ParallelHandler(services));

        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_WithSeveralMistakes_AreAnErrorNamingAllOfThem()
    {
        using var services = new FakeServices { PluginName = "Bioproxy.Parallel", Json = """{"variants":1,"merge":"vote"}""" };

        var error = Assert.Throws<PluginSettingsException>(() => new ParallelHandler(services));

        Assert.Contains("variants", error.Message, StringComparison.Ordinal);
        Assert.Contains("merge", error.Message, StringComparison.Ordinal);
    }
}
