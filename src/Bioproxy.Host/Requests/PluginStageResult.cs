using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;

namespace Bioproxy.Host.Requests;

/// <summary>What the plugins made of a request.</summary>
/// <param name="Failure">A plugin failed, or the client left.</param>
/// <param name="IsAnswered">A plugin has answered the request, or the request was answered on its behalf.</param>
/// <param name="Responses">What edits the answer, in the order of the request.</param>
internal readonly record struct PluginStageResult(ProxyFailure? Failure, bool IsAnswered, IReadOnlyList<PluginResponseTransform> Responses)
{
    public static PluginStageResult Answered { get; } = new(null, true, []);

    public static PluginStageResult Failed(ProxyFailure failure) => new(failure, false, []);
}
