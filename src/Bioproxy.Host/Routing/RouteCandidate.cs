using Bioproxy.Host.Models;

namespace Bioproxy.Host.Routing;

/// <summary>A place where a request could be served.</summary>
/// <param name="Model">The place.</param>
/// <param name="WaitSeconds">Expected wait in its queue.</param>
/// <param name="PromptSeconds">Expected time from there to the first token, with what others pay for it.</param>
internal readonly record struct RouteCandidate(ServedModel Model, double WaitSeconds, double PromptSeconds)
{
    public double Seconds => WaitSeconds + PromptSeconds;
}
