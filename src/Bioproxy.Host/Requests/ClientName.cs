namespace Bioproxy.Host.Requests;

/// <summary>The name of a client's program.</summary>
internal static class ClientName
{
    public const string Unknown = "unknown";

    private const int MaxLength = 40;

    /// <summary>The product of a User-Agent without its version: <c>opencode/1.2.3 …</c> is <c>opencode</c>.</summary>
    public static string Of(string userAgent)
    {
        var product = userAgent.AsSpan().Trim();
        var end = product.IndexOfAny("/ (");
        product = end < 0 ? product : product[..end];
        if (product.Length > MaxLength)
            product = product[..MaxLength];
        return product.IsEmpty || product.ContainsAnyExceptInRange('!', '~') ? Unknown : product.ToString();
    }
}
