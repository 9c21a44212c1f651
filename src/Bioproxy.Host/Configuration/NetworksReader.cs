using System.Net;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads an array of IP addresses and networks.</summary>
internal static class NetworksReader
{
    /// <returns>The networks, or null after a mistake was reported.</returns>
    public static IReadOnlyList<IPNetwork>? Read(string key, ConfigurationValue value, ConfigurationReading reading)
    {
        const string Example = "[\"127.0.0.1\", \"10.0.0.0/8\"]";
        if (TextsReader.Read(key, value, Example, reading) is not { } texts)
            return null;
        var networks = new List<IPNetwork>();
        foreach (var text in texts)
        {
            if (TryParse(text, out var network))
                networks.Add(network);
            else
                reading.Reject(key, value, $"IP addresses and networks, e.g. {Example}; '{text}' is neither");
        }

        return networks.Count == texts.Count ? networks : null;
    }

    private static bool TryParse(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
            return true;
        var isAddress = IPAddress.TryParse(text, out var address);
        if (isAddress)
            network = new IPNetwork(address!, address!.GetAddressBytes().Length * 8);
        return isAddress;
    }
}
