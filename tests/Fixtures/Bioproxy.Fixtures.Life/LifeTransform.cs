using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Life;

/// <summary>Fails at one step of its life, or at none.</summary>
[PromptTransform("life")]
[Shared]
[method: ImportingConstructor]
public sealed class LifeTransform(IPluginServices services) : IPromptTransform, IPluginLifetime, IDisposable
{
    private readonly string _fails = services.Read(LifeJson.Default.LifeSettings).Fails;

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => ReachedAsync("start");

    public Task StopAsync(CancellationToken cancellationToken) => ReachedAsync("stop");

    public void Dispose()
    {
        if (_fails == "dispose")
            throw new InvalidOperationException("the dispose fails");
    }

    private Task ReachedAsync(string step) => _fails == step ? Task.FromException(new InvalidOperationException($"the {step} fails")) : Task.CompletedTask;
}
