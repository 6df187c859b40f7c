// Says the device that PASTREAM_DEVICE stands for.
import { queryDevice } from "../../mod.ts";

try {
  console.log(queryDevice(undefined, "output").name, queryDevice(undefined, "input").name);
} catch (error) {
  console.log(String(error));
}
