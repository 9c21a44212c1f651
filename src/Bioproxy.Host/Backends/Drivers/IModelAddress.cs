namespace Bioproxy.Host.Backends.Drivers;

/// <summary>How a call names one model of a server with several.</summary>
internal interface IModelAddress
{
    /// <summary>The path, relative to the server's address.</summary>
    string Path(string path);

    /// <summary>The JSON body.</summary>
    ReadOnlyMemory<byte> Body(ReadOnlyMemory<byte> body);
}
