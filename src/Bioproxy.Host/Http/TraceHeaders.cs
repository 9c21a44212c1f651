using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>The headers of W3C Trace Context.</summary>
internal static class TraceHeaders
{
    public const string Parent = "traceparent";
    public const string State = "tracestate";

    /// <summary>The span that the sender says it is in; default where it says none, or more than one.</summary>
    public static ActivityContext Read(IHeaderDictionary headers) =>
        headers.TryGetValue(Parent, out var parent) && parent.Count == 1
        && ActivityContext.TryParse(
            parent[0], headers.TryGetValue(State, out var state) ? state.ToString() : null, isRemote: true, out var context)
            ? context
            : default;
}
