using Bioproxy.Host;
using Bioproxy.Host.Configuration;

namespace Bioproxy.UnitTests.Configuration;

public sealed class InitCommandTests : IDisposable
{
    private static readonly FoundServer Swap = new(new Uri("http://localhost:8080"), "llama-swap");
    private static readonly FoundServer Ollama = new(new Uri("http://localhost:11434"), "Ollama");

    private readonly ConfigurationFolder _folder = new();
    private readonly StringWriter _output = new();

    private string ConfigPath => Path.Combine(_folder.Folder, "deep", "er", "config.json");

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
    }

    [Fact]
    public async Task Write_NoAnswers_TakesWhatIsRunning()
    {
        await RunAsync("", Swap, Ollama);

        var options = _folder.Valid(configPath: ConfigPath);
        Assert.Equal((Swap.Url, null, "localhost"), (options.BackendUrl, options.KvDirectory, options.ProxyHost));
        Assert.Empty(options.ApiKeys);
        Assert.Equal(["@code"], options.Prefixes.Select(prefix => prefix.Key));
        Assert.Contains("http://localhost:11434  Ollama", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("// llama-swap\n", File.ReadAllText(ConfigPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_NothingRuns_TakesTheDefault()
    {
        await RunAsync("");

        Assert.Equal(new Uri("http://localhost:8081"), _folder.Valid(configPath: ConfigPath).BackendUrl);
    }

    [Fact]
    public async Task Write_Answers_AreInTheFileWithAKeyThatWorks()
    {
        await RunAsync($"7\nnonsense\n2\n/no/such/folder\n{_folder.Home}\ny\n", Swap, Ollama);

        var options = _folder.Valid(configPath: ConfigPath);
        Assert.Equal((Ollama.Url, _folder.Home, "0.0.0.0"), (options.BackendUrl, options.KvDirectory, options.ProxyHost));
        var key = Assert.Single(_output.ToString().Split('\n'), line => line.StartsWith("  bp-", StringComparison.Ordinal)).Trim();
        Assert.Equal(KeyHash.OfKey(key), Assert.Single(options.ApiKeys).Hash);
        Assert.DoesNotContain(key, File.ReadAllText(ConfigPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_AnAddress_IsTaken()
    {
        await RunAsync("http://gpu:9000\n\n\n", Swap);

        Assert.Equal(new Uri("http://gpu:9000"), _folder.Valid(configPath: ConfigPath).BackendUrl);
    }

    [Fact]
    public async Task Write_File_IsCommentedAndHasItsSchemaBesideIt()
    {
        await RunAsync("", Swap);

        var lines = File.ReadAllLines(ConfigPath);
        Assert.All(lines, line => Assert.True(line.Length <= 120, line));
        Assert.All(
            lines.Index().Where(line => line.Item.Contains("\": ", StringComparison.Ordinal)
                && !line.Item.Contains("\"kv\"", StringComparison.Ordinal)),
            line => Assert.Contains("//", line.Item + lines[line.Index - 1], StringComparison.Ordinal));
        Assert.Equal(
            ConfigurationSchema.Text, File.ReadAllText(Path.Combine(Path.GetDirectoryName(ConfigPath)!, "config.schema.json")));
    }

    [Fact]
    public async Task Write_TemplateThatExists_IsLeftAlone()
    {
        var template = Path.Combine(Path.GetDirectoryName(ConfigPath)!, InitialConfiguration.Template);
        Directory.CreateDirectory(Path.GetDirectoryName(template)!);
        await File.WriteAllTextAsync(template, "mine");

        await RunAsync("", Swap);

        Assert.Equal("mine", await File.ReadAllTextAsync(template));
    }

    [Fact]
    public async Task Write_FileThatExists_IsLeftAlone()
    {
        await RunAsync("", Swap);
        var before = File.ReadAllText(ConfigPath);

        await Assert.ThrowsAnyAsync<IOException>(() => RunAsync("", Ollama));

        Assert.Equal(before, File.ReadAllText(ConfigPath));
    }

    private async Task RunAsync(string answers, params FoundServer[] found)
    {
        using var input = new StringReader(answers);
        await new InitCommand(input, _output, found).WriteAsync(ConfigPath, CancellationToken.None);
    }
}
