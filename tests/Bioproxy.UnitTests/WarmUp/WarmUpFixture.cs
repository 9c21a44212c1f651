using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Templates;
using Bioproxy.Host.Transforms;
using Bioproxy.Host.WarmUp;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.WarmUp;

/// <summary>Warm-ups over a model that the test controls. No plugin expands the trigger, so that itself is the template's text.</summary>
internal sealed class WarmUpFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _plugins = Directory.CreateTempSubdirectory("bioproxy-warmup-");
    private readonly PluginManager _manager;
    private readonly TransformChain _chain;
    private readonly string _template;

    public WarmUpFixture()
    {
        _template = Path.Combine(_plugins.FullName, "template.txt");
        File.WriteAllText(_template, "<<message>>");
        Model = new ModelFixture(o => o with
        {
            Prefixes = [KeyValuePair.Create(Trigger, _template)],
            TemplateRoots = [_plugins.FullName],
        });
        _manager = new PluginManager(
            FixturePlugins.Loader(_plugins.FullName), Model.Options, [], Model.Clock, NullLogger<PluginManager>.Instance);
        _chain = new TransformChain(
            new PluginFence(
                PluginBudget.OfTransforms(Model.Options.PluginTimeBudget), Model.Metrics, Model.Clock, NullLogger<PluginFence>.Instance));
        Finder = new StaticPrefixFinder(_manager, _chain);
        Templates = new TemplateLibrary(Model.Options, Model.Metrics, Model.Clock, NullLogger<TemplateLibrary>.Instance);
        Statuses = new WarmUpStatuses(Templates, Model.Metrics, NullLogger<WarmUpStatuses>.Instance);
        Scheduler = new WarmUpScheduler(
            [new ModelWarmUp(Model.Model, Finder, Templates, Statuses, Model.Metrics)],
            Templates,
            Model.Metrics,
            Model.Options,
            Model.Clock,
            NullLogger<WarmUpScheduler>.Instance);
    }

    /// <summary>Long enough for three steps.</summary>
    public static string Trigger { get; } = "@" + new string('t', 1300);

    public ModelFixture Model { get; }

    public StaticPrefixFinder Finder { get; }

    public TemplateLibrary Templates { get; }

    public WarmUpStatuses Statuses { get; }

    public WarmUpScheduler Scheduler { get; }

    public WarmUpStatus Status => Statuses.Of(Trigger);

    /// <summary>The warm-up of the trigger on the current instance.</summary>
    public PrefixWarmUp WarmUp() => new(new TriggerSource(Trigger, Finder), Model.Model, Model.Instance, Statuses, Model.Metrics);

    /// <summary>The evaluations that warm-ups asked for; recognising the model takes some of two tokens.</summary>
    public IReadOnlyList<string> Evaluations =>
        [.. Model.Api.Calls.Where(c => c.StartsWith("evaluate", StringComparison.Ordinal) && !c.EndsWith(" 2", StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        Scheduler.Dispose();
        await Model.DisposeAsync();
        _chain.Dispose();
        await _manager.DisposeAsync().DefaultTimeout();
        _plugins.Delete(recursive: true);
    }
}
