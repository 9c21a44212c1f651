using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Life;

/// <summary>Fails or hangs at one step of its life, or at none.</summary>
[PromptTransform("life")]
[Shared]
[method: ImportingConstructor]
public sealed class LifeTransform(IPluginServices services) : IPromptTransform, IPluginLifetime, IDisposable
{
    private readonly LifeSettings _settings = services.Read(LifeJson.Default.LifeSettings);

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.Run(() => Reach("start"), CancellationToken.None);

    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(() => Reach("stop"), CancellationToken.None);

    public void Dispose() => Reach("dispose");

    private void Reach(string step)
    {
        if (_settings.Hangs == step)
        {
            File.WriteAllText(Path.Combine(services.DataFolder, step), "");
            using var never = new ManualResetEventSlim();
            never.Wait();
        }

        if (_settings.Fails == step)
            throw new InvalidOperationException($"the {step} fails");
    }
}
