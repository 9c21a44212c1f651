using Bioproxy.Host.Configuration;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Transforms;

/// <summary>Plugin, library and chain put together as the host does it.</summary>
public sealed class BuiltInExpansionTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("bioproxy-expansion-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Run_BuiltInPlugin_ExpandsWithTheCurrentTemplate()
    {
        var file = Path.Combine(_folder, "code.txt");
        await File.WriteAllTextAsync(file, "Be brief.\n<<message>>");
        var options = new ProxyOptions
        {
            BaseDirectory = _folder,
            StateDirectory = _folder,
            Prefixes = [KeyValuePair.Create("@code", file)],
            TemplateRoots = [_folder],
        };
        using var metrics = new ProxyMetrics(TimeProvider.System);
        using var library = new TemplateLibrary(options, metrics, TimeProvider.System, NullLogger<TemplateLibrary>.Instance);
        var loader = new PluginLoader(
            options, name => new PluginHost(name, FixturePlugins.Facilities() with { Templates = library }), TimeProvider.System, NullLogger<PluginLoader>.Instance);
        using var plugins = loader.Load([Path.Combine(FixturePlugins.OutputOf("src/Bioproxy.Host"), "plugins")]);
        library.UseEngines(plugins.Engines);
        Assert.Empty(library.LoadAll());
        using var chain = new TransformChain(
            new PluginFence(PluginBudget.OfTransforms(options.PluginTimeBudget), metrics, TimeProvider.System, NullLogger<PluginFence>.Instance));

        Assert.Equal(["Be brief.\none", "Be brief.\ntwo"], await ExpandAsync(chain, plugins.Transforms, "@code one", "@code two"));
        await File.WriteAllTextAsync(file, "Be thorough.\n<<message>>");
        Assert.Equal(["@code"], library.RefreshAll());
        Assert.Equal(["Be thorough.\none", "no prefix"], await ExpandAsync(chain, plugins.Transforms, "@code one", "no prefix"));
    }

    private static async Task<IEnumerable<string?>> ExpandAsync(TransformChain chain, IReadOnlyList<PluginTransform> transforms, params string[] texts)
    {
        var context = Prompts.User(texts);
        var result = await chain.RunAsync(transforms, context, CancellationToken.None).AsTask().WaitAsync(Limit);
        Assert.True(result.Succeeded);
        return context.Messages.Select(message => message.Parts[0].Text);
    }
}
