using Bioproxy.Abstractions;

namespace Bioproxy.UnitTests.Templates;

/// <summary>An engine whose <see cref="Parse"/> blocks its thread while it <see cref="Hangs"/>, after it has read the template.</summary>
internal sealed class HangingEngine : ITemplateEngine, IDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private readonly SemaphoreSlim _inside = new(0);
    private int _parsed;

    public bool Hangs { get; set; } = true;

    public int Parsed => _parsed;

    public ITemplate Parse(ITemplateSource source)
    {
        Interlocked.Increment(ref _parsed);
        var text = source.Text;
        if (Hangs)
        {
            _inside.Release();
            _release.Wait(CancellationToken.None);
        }

        return new Literal(text);
    }

    /// <summary>Completes once for each call that hangs.</summary>
    public Task WhenInsideAsync() => _inside.WaitAsync();

    /// <summary>Lets every hanging call return.</summary>
    public void Release() => _release.Set();

    public void Dispose() => Release(); // threads may still wait on the event, so it is not disposed

    private sealed class Literal(string text) : ITemplate
    {
        public string Render(TemplateVariables variables) => text;
    }
}
