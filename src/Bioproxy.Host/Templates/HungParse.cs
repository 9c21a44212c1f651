using Bioproxy.Abstractions;

namespace Bioproxy.Host.Templates;

/// <summary>An abandoned call of an engine. It may still hold its thread, so it is not repeated before something has changed.</summary>
/// <param name="Engine">The engine that was called.</param>
/// <param name="Reading">The files the engine has read.</param>
/// <param name="Call">Completes when the engine returns after all.</param>
internal sealed record HungParse(ITemplateEngine Engine, TemplateReading Reading, Task Call)
{
    /// <summary>Whether another call would most likely hang, too.</summary>
    public bool WouldHangAgain(ITemplateEngine? engine) =>
        engine == Engine && !Call.IsCompleted && Reading.LooksUnchanged();
}
