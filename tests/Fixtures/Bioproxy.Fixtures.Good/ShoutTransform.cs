using System.Composition;
using Bioproxy.Abstractions;
using Bioproxy.Fixtures.Library;

namespace Bioproxy.Fixtures.Good;

/// <summary>
/// Makes everything upper case and signs with the plugin's name. Internal on purpose: an exported class need not be public.
/// </summary>
[PromptTransform("shout", Order = 5)]
[method: ImportingConstructor]
internal sealed class ShoutTransform(IPluginHost host) : EditingTransform
{
    protected override string Edit(string text) => $"{text.ToUpperInvariant()} -- {host.PluginName}";
}
